"""The catalogue of custom metrics: name, unit, dimensions, emitting functions, meaning. Pure.

The Lambdas emit metrics through it (`stream_ingest.aws.meter`); the dashboard, the alarms, the
console and the documentation are built from it. So every name is written once, and only emitted
metrics can be watched. It imports only the standard library, because every Lambda loads it.

A metric's dimensions are `service` (the emitting function) and, for a few, `Reason`. CloudWatch
bills each combination (0.30 USD a month), so creators, windows and batches are no dimensions: they
are in the log lines, and in properties of a metric's line, which cost nothing. The namespace
contains the stack, so stacks of one account do not mix.
"""

from __future__ import annotations

from stream_ingest.contracts.metric_model import (
    FUNCTIONS,
    NAMESPACE,
    REASON,
    SERVICE,
    Metric,
    Service,
    Unit,
    by_reason,
    count,
    namespace_of,
)
from stream_ingest.contracts.photo_metrics import PHOTO_METRICS

__all__ = [
    "FUNCTIONS",
    "NAMESPACE",
    "REASON",
    "SERVICE",
    "Metric",
    "Service",
    "Unit",
    "namespace_of",
]

_COLLAGE = (Service.COLLAGE,)
_FOLLOW = (Service.FOLLOW,)
_INTAKE = (Service.INTAKE,)
_PREFETCH = (Service.PREFETCH,)
_SWEEPER = (Service.SWEEPER,)
_WINDOWING = (Service.WINDOWING,)


FILES_READ = count("FilesRead", _INTAKE, "dropped or requested files that were read to their end")
FILES_CUT = count(
    "FilesCut", _INTAKE, "files that could not be read to their end; the rows before were sent"
)
FILES_GONE = count(
    "FilesGone", _INTAKE, "files that were removed or replaced before anything of them was read"
)
FILES_REJECTED = by_reason(
    "FilesRejected", _INTAKE, "files without a usable row, in total and by reason", in_total=True
)
FILES_CONTINUED = count(
    "FilesContinued", _INTAKE, "invocations that left the rest of a file to the next one"
)
FILE_ROWS = count("FileRows", _INTAKE, "rows of files, counted when the file has been read")
FILE_ROWS_REFUSED = count(
    "FileRowsRefused", _INTAKE, "rows of files that were refused, counted when it has been read"
)
FILE_BYTES = Metric(
    name="FileBytes",
    unit=Unit.BYTES,
    services=_INTAKE,
    meaning="sizes of files, counted when the file has been read",
)
RECORDS_RECEIVED = count(
    "RecordsReceived", _WINDOWING, "records delivered by Kinesis, redeliveries included"
)
ROWS_RECEIVED = count(
    "RowsReceived", _WINDOWING, "rows in the delivered records, redeliveries included"
)
ROWS_ACCEPTED = count("RowsAccepted", _WINDOWING, "rows added to a window as an image")
ROWS_DUPLICATE = count("RowsDuplicate", _WINDOWING, "rows whose image the creator already has")
ROWS_BLOCKED = count(
    "RowsBlocked", _WINDOWING, "rows refused because their creator was erased or is blocked"
)
ROWS_RESENT = count(
    "RowsResent",
    _WINDOWING,
    "rows already processed: redelivered by Kinesis, or sent again by the producer",
)
WINDOWS_CLOSED = count(
    "WindowsClosed",
    (Service.WINDOWING, Service.SWEEPER),
    "windows closed: when full by windowing; when idle or at the end of a batch by the sweeper",
)
WINDOWS_EMITTED = count(
    "WindowsEmitted", _SWEEPER, "WindowReady events sent by the sweeper, first attempts and retries"
)
WINDOWS_NOT_EMITTED = count(
    "WindowsNotEmitted",
    (Service.WINDOWING, Service.SWEEPER),
    "windows whose event EventBridge rejected; the sweeper sends them again",
)
WINDOWS_ABANDONED = count(
    "WindowsAbandoned", _SWEEPER, "windows marked as failed because no worker could finish them"
)
RECORDS_QUARANTINED = count(
    "RecordsQuarantined",
    _WINDOWING,
    "records that could not be decoded or folded; stored under failed/records/",
)
RECORDS_FAILED = count(
    "RecordsFailed", _WINDOWING, "records to be redelivered by Kinesis after a transient error"
)
COMMIT_CONFLICTS = count(
    "CommitConflicts",
    (Service.WINDOWING, Service.SWEEPER),
    "writes retried after a failed conditional check: another writer was first",
)
FILES_FOUND = count(
    "FilesFound",
    _SWEEPER,
    "files below `csv-files/` that no job knew, because S3's event was late or never came",
)
COVERS_REQUESTED = count(
    "CoversRequested",
    _SWEEPER,
    "covers about to expire whose prefetch was requested, retries included",
)
COVERS_PREFETCHED = count(
    "CoversPrefetched", _PREFETCH, "covers stored in S3 before their URL expired"
)
COVERS_LOST = by_reason(
    "CoversLost", _PREFETCH, "covers whose prefetch failed, by reason", in_total=False
)
BATCHES_FLUSHED = count(
    "BatchesFlushed", _SWEEPER, "batches at whose end the open windows were closed"
)
BATCHES_ENDED = count("BatchesEnded", _SWEEPER, "batches in which every window has ended")
BATCHES_ABANDONED = count(
    "BatchesAbandoned", _SWEEPER, "batches that ended because they were abandoned"
)
BATCHES_REJECTED = count(
    "BatchesRejected", _SWEEPER, "files that could not be read, or of which no row could be used"
)
BATCHES_INCOMPLETE = count(
    "BatchesIncomplete", _SWEEPER, "batches that ended without all of their rows or end marks"
)
ROWS_REFUSED = by_reason(
    "RowsRefused", _SWEEPER, "rows refused, by reason; emitted when the batch ends", in_total=False
)
BATCHES_OPEN = count("BatchesOpen", _SWEEPER, "batches that have not ended, sampled every minute")
WINDOWS_WAITING = count(
    "WindowsWaiting", _SWEEPER, "closed windows without a collage, sampled every minute"
)
OLDEST_WINDOW_AGE = Metric(
    name="OldestWindowAgeSeconds",
    unit=Unit.SECONDS,
    services=_SWEEPER,
    meaning="age of the oldest closed window without a collage; 0 if there is none",
)
OLDEST_WORK_AGE = Metric(
    name="OldestWorkAgeSeconds",
    unit=Unit.SECONDS,
    services=_SWEEPER,
    meaning="age of the oldest batch or window that has not ended; 0 if there is none",
)

ITEMS_UNREADABLE = count(
    "ItemsUnreadable",
    _SWEEPER,
    "items of the table that cannot be read, sampled every minute; `ops-dashboard repair` lists"
    " them",
)
DELIVERIES_DISCARDED = count(
    "DeliveriesDiscarded",
    _SWEEPER,
    "deliveries of the stream that Lambda gave up on, stored under aws/lambda/ and not yet redriven"
    " or dropped, sampled every minute",
)
ROWS_DEFERRED = count(
    "RowsDeferred",
    _WINDOWING,
    "rows that wait in the table because their creator's state cannot be read",
)

COLLAGES_CREATED = count(
    "CollagesCreated", _COLLAGE, "collages stored and announced by a CollageCreated event"
)
COLLAGES_FAILED = count(
    "CollagesFailed", _COLLAGE, "windows without a collage because every image failed"
)
COLLAGES_KEPT = count(
    "CollagesKept", _COLLAGE, "rebuilds discarded because the existing collage has more images"
)
COLLAGES_ALREADY_DONE = count(
    "CollagesAlreadyDone", _COLLAGE, "messages received again after their window had ended"
)
COLLAGES_ERASED = count(
    "CollagesErased", _COLLAGE, "messages refused because their window was erased with its creator"
)
COLLAGES_CANCELLED = count(
    "CollagesCancelled", _COLLAGE, "messages of a replay or retry that was cancelled"
)
MESSAGES_FAILED = count(
    "MessagesFailed",
    (Service.COLLAGE, Service.PREFETCH, Service.INTAKE, Service.PHOTOS),
    "messages that failed: retried, or moved to the dead-letter queue",
)
MESSAGES_DEFERRED = count(
    "MessagesDeferred",
    (Service.COLLAGE, Service.PHOTOS),
    "messages retried later: another worker has their window or photo, or CloudFront is busy",
)
IMAGES_OK = count("ImagesOk", _COLLAGE, "cells that show their image")
IMAGES_FAILED = by_reason(
    "ImagesFailed", _COLLAGE, "cells left empty, in total and by reason", in_total=True
)
BYTES_DOWNLOADED = Metric(
    name="BytesDownloaded",
    unit=Unit.BYTES,
    services=(Service.COLLAGE, Service.PREFETCH),
    meaning="bytes of covers downloaded",
)
WINDOW_LATENCY = Metric(
    name="WindowLatencyMs",
    unit=Unit.MILLISECONDS,
    services=_COLLAGE,
    meaning="time from closing a window to its stored collage, replays excluded",
)
PROCESSING_DURATION = Metric(
    name="ProcessingDuration",
    unit=Unit.MILLISECONDS,
    services=_COLLAGE,
    meaning="what a window took of its invocation, from a worker's claim to its end; the properties"
    " `creator` and `window_id` of the line say whose",
)
MEMORY_PERCENT = Metric(
    name="MemoryPercent",
    unit=Unit.PERCENT,
    services=FUNCTIONS,
    meaning="peak memory of a function's processes, as a percentage of its limit",
)

FOLLOW_READS = count(
    "FollowReads", _FOLLOW, "reads of a followed table whose rows were all accepted"
)
FOLLOW_ROWS = count(
    "FollowRows",
    _FOLLOW,
    "rows read that the follower had not sent since it started",
)
FOLLOW_FAILURES = count(
    "FollowFailures", _FOLLOW, "errors of the database or AWS that a follower waits out"
)

CATALOGUE: tuple[Metric, ...] = tuple(
    value for value in [*globals().values(), *PHOTO_METRICS] if isinstance(value, Metric)
)
"""All metrics, in the order of this module, then those of photos."""
