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

from dataclasses import dataclass
from enum import StrEnum

NAMESPACE = "Coverstream"
"""Namespace without a stack (unit tests); a stack's namespace is `namespace_of`."""
SERVICE = "service"
REASON = "Reason"


def namespace_of(stack: str) -> str:
    """Return the namespace of a stack's metrics: ``Coverstream/prod``."""
    return f"{NAMESPACE}/{stack}"


class Unit(StrEnum):
    """CloudWatch's names of the units in use."""

    COUNT = "Count"
    MILLISECONDS = "Milliseconds"
    SECONDS = "Seconds"
    BYTES = "Bytes"
    PERCENT = "Percent"


class Service(StrEnum):
    """An emitting function: the value of the dimension `service`."""

    WINDOWING = "windowing"
    SWEEPER = "sweeper"
    COLLAGE = "collage"
    PREFETCH = "prefetch"
    INTAKE = "intake"
    FOLLOW = "follow"
    """`stream-ingest follow`, which runs outside Lambda."""


FUNCTIONS = tuple(service for service in Service if service is not Service.FOLLOW)
"""The services that are Lambda functions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric of the catalogue."""

    name: str
    unit: Unit
    services: tuple[Service, ...]
    """The functions that emit it, each with its own `service`."""
    meaning: str
    by_reason: bool = False
    """Emitted with the dimensions (Reason, service)."""
    in_total: bool = True
    """Emitted with the dimension (service) alone."""


_COLLAGE = (Service.COLLAGE,)
_FOLLOW = (Service.FOLLOW,)
_INTAKE = (Service.INTAKE,)
_PREFETCH = (Service.PREFETCH,)
_SWEEPER = (Service.SWEEPER,)
_WINDOWING = (Service.WINDOWING,)


def _count(name: str, services: tuple[Service, ...], meaning: str) -> Metric:
    return Metric(name=name, unit=Unit.COUNT, services=services, meaning=meaning)


def _by_reason(name: str, services: tuple[Service, ...], meaning: str, *, in_total: bool) -> Metric:
    return Metric(
        name=name,
        unit=Unit.COUNT,
        services=services,
        meaning=meaning,
        by_reason=True,
        in_total=in_total,
    )


FILES_READ = _count("FilesRead", _INTAKE, "dropped or requested files that were read to their end")
FILES_CUT = _count(
    "FilesCut", _INTAKE, "files that could not be read to their end; the rows before were sent"
)
FILES_GONE = _count(
    "FilesGone", _INTAKE, "files that were removed or replaced before anything of them was read"
)
FILES_REJECTED = _by_reason(
    "FilesRejected", _INTAKE, "files without a usable row, in total and by reason", in_total=True
)
FILES_CONTINUED = _count(
    "FilesContinued", _INTAKE, "invocations that left the rest of a file to the next one"
)
FILE_ROWS = _count("FileRows", _INTAKE, "rows of files, counted when the file has been read")
FILE_ROWS_REFUSED = _count(
    "FileRowsRefused", _INTAKE, "rows of files that were refused, counted when it has been read"
)
FILE_BYTES = Metric(
    name="FileBytes",
    unit=Unit.BYTES,
    services=_INTAKE,
    meaning="sizes of files, counted when the file has been read",
)
RECORDS_RECEIVED = _count(
    "RecordsReceived", _WINDOWING, "records delivered by Kinesis, redeliveries included"
)
ROWS_RECEIVED = _count(
    "RowsReceived", _WINDOWING, "rows in the delivered records, redeliveries included"
)
ROWS_ACCEPTED = _count("RowsAccepted", _WINDOWING, "rows added to a window as an image")
ROWS_DUPLICATE = _count("RowsDuplicate", _WINDOWING, "rows whose image the creator already has")
ROWS_BLOCKED = _count(
    "RowsBlocked", _WINDOWING, "rows refused because their creator was erased or is blocked"
)
ROWS_RESENT = _count(
    "RowsResent",
    _WINDOWING,
    "rows already processed: redelivered by Kinesis, or sent again by the producer",
)
WINDOWS_CLOSED = _count(
    "WindowsClosed",
    (Service.WINDOWING, Service.SWEEPER),
    "windows closed: when full by windowing; when idle or at the end of a batch by the sweeper",
)
WINDOWS_EMITTED = _count(
    "WindowsEmitted", _SWEEPER, "WindowReady events sent by the sweeper, first attempts and retries"
)
WINDOWS_NOT_EMITTED = _count(
    "WindowsNotEmitted",
    (Service.WINDOWING, Service.SWEEPER),
    "windows whose event EventBridge rejected; the sweeper sends them again",
)
WINDOWS_ABANDONED = _count(
    "WindowsAbandoned", _SWEEPER, "windows marked as failed because no worker could finish them"
)
RECORDS_QUARANTINED = _count(
    "RecordsQuarantined",
    _WINDOWING,
    "records that could not be decoded or folded; stored under failed/records/",
)
RECORDS_FAILED = _count(
    "RecordsFailed", _WINDOWING, "records to be redelivered by Kinesis after a transient error"
)
COMMIT_CONFLICTS = _count(
    "CommitConflicts",
    (Service.WINDOWING, Service.SWEEPER),
    "writes retried after a failed conditional check: another writer was first",
)
FILES_FOUND = _count(
    "FilesFound",
    _SWEEPER,
    "files below `csv-files/` that no job knew, because S3's event was late or never came",
)
COVERS_REQUESTED = _count(
    "CoversRequested",
    _SWEEPER,
    "covers about to expire whose prefetch was requested, retries included",
)
COVERS_PREFETCHED = _count(
    "CoversPrefetched", _PREFETCH, "covers stored in S3 before their URL expired"
)
COVERS_LOST = _by_reason(
    "CoversLost", _PREFETCH, "covers whose prefetch failed, by reason", in_total=False
)
BATCHES_FLUSHED = _count(
    "BatchesFlushed", _SWEEPER, "batches at whose end the open windows were closed"
)
BATCHES_ENDED = _count("BatchesEnded", _SWEEPER, "batches in which every window has ended")
BATCHES_ABANDONED = _count(
    "BatchesAbandoned", _SWEEPER, "batches that ended because they were abandoned"
)
BATCHES_REJECTED = _count(
    "BatchesRejected", _SWEEPER, "files that could not be read, or of which no row could be used"
)
BATCHES_INCOMPLETE = _count(
    "BatchesIncomplete", _SWEEPER, "batches that ended without all of their rows or end marks"
)
ROWS_REFUSED = _by_reason(
    "RowsRefused", _SWEEPER, "rows refused, by reason; emitted when the batch ends", in_total=False
)
BATCHES_OPEN = _count("BatchesOpen", _SWEEPER, "batches that have not ended, sampled every minute")
WINDOWS_WAITING = _count(
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

ITEMS_UNREADABLE = _count(
    "ItemsUnreadable",
    _SWEEPER,
    "items of the table that cannot be read, sampled every minute; `ops-dashboard repair` lists"
    " them",
)
DELIVERIES_DISCARDED = _count(
    "DeliveriesDiscarded",
    _SWEEPER,
    "deliveries of the stream that Lambda gave up on, stored under aws/lambda/ and not yet redriven"
    " or dropped, sampled every minute",
)
ROWS_DEFERRED = _count(
    "RowsDeferred",
    _WINDOWING,
    "rows that wait in the table because their creator's state cannot be read",
)

COLLAGES_CREATED = _count(
    "CollagesCreated", _COLLAGE, "collages stored and announced by a CollageCreated event"
)
COLLAGES_FAILED = _count(
    "CollagesFailed", _COLLAGE, "windows without a collage because every image failed"
)
COLLAGES_KEPT = _count(
    "CollagesKept", _COLLAGE, "rebuilds discarded because the existing collage has more images"
)
COLLAGES_ALREADY_DONE = _count(
    "CollagesAlreadyDone", _COLLAGE, "messages received again after their window had ended"
)
COLLAGES_ERASED = _count(
    "CollagesErased", _COLLAGE, "messages refused because their window was erased with its creator"
)
MESSAGES_FAILED = _count(
    "MessagesFailed",
    (Service.COLLAGE, Service.PREFETCH, Service.INTAKE),
    "messages that failed: retried, or moved to the dead-letter queue",
)
MESSAGES_DEFERRED = _count(
    "MessagesDeferred",
    _COLLAGE,
    "messages retried later because another worker has the window's lease",
)
IMAGES_OK = _count("ImagesOk", _COLLAGE, "cells that show their image")
IMAGES_FAILED = _by_reason(
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
    meaning="time from a worker's claim of a window to its end; the properties `creator` and"
    " `window_id` of the line say whose",
)
MEMORY_PERCENT = Metric(
    name="MemoryPercent",
    unit=Unit.PERCENT,
    services=FUNCTIONS,
    meaning="peak memory of a function's processes, as a percentage of its limit",
)

FOLLOW_READS = _count(
    "FollowReads", _FOLLOW, "reads of a followed table whose rows were all accepted"
)
FOLLOW_ROWS = _count(
    "FollowRows",
    _FOLLOW,
    "rows read that the follower had not sent since it started",
)
FOLLOW_FAILURES = _count(
    "FollowFailures", _FOLLOW, "errors of the database or AWS that a follower waits out"
)

CATALOGUE: tuple[Metric, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Metric)
)
"""All metrics, in the order of this module."""
