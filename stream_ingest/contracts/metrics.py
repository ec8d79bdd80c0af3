"""Every metric of ours, once: name, unit, dimensions, who emits it, what it means. Pure.

A leaf that imports nothing but the standard library, because the Lambdas carry it: they emit
through it (`stream_ingest.aws.meter`), and dashboard, alarms, console and README are made of it. So
no name is written twice, and none can be watched that nobody emits.

A metric's dimensions are `service` (which function speaks) and, for a few, `Reason`. CloudWatch
bills each combination (0.30 USD a month), so a creator, a window or a batch is never one: those are
in the log lines. The namespace holds the stack, so that two stacks of one account are never mixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NAMESPACE = "Coverstream"
"""Namespace where no stack is named (unit tests); a stack's own is `namespace_of`."""
SERVICE = "service"
REASON = "Reason"


def namespace_of(stack: str) -> str:
    """Return the namespace of a stack's metrics: ``Coverstream/prod``."""
    return f"{NAMESPACE}/{stack}"


class Unit(StrEnum):
    """CloudWatch's words for the units that are used here."""

    COUNT = "Count"
    MILLISECONDS = "Milliseconds"
    SECONDS = "Seconds"
    BYTES = "Bytes"
    PERCENT = "Percent"


class Service(StrEnum):
    """Who emits: the value of the dimension `service`."""

    WINDOWING = "windowing"
    SWEEPER = "sweeper"
    COLLAGE = "collage"
    PREFETCH = "prefetch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric of the catalogue."""

    name: str
    unit: Unit
    services: tuple[Service, ...]
    """Every function that emits it, each under its own `service`."""
    meaning: str
    by_reason: bool = False
    """Emitted under (Reason, service)."""
    in_total: bool = True
    """Emitted under (service) alone."""

    @property
    def dimension_sets(self) -> tuple[frozenset[str], ...]:
        """Return the sets of dimension names that it is emitted under."""
        plain = (frozenset({SERVICE}),) if self.in_total else ()
        return (*plain, frozenset({SERVICE, REASON})) if self.by_reason else plain


_COLLAGE = (Service.COLLAGE,)
_PREFETCH = (Service.PREFETCH,)
_SWEEPER = (Service.SWEEPER,)
_WINDOWING = (Service.WINDOWING,)


def _count(name: str, services: tuple[Service, ...], meaning: str) -> Metric:
    return Metric(name=name, unit=Unit.COUNT, services=services, meaning=meaning)


RECORDS_RECEIVED = _count("RecordsReceived", _WINDOWING, "packed records delivered, repeats too")
ROWS_RECEIVED = _count("RowsReceived", _WINDOWING, "rows in those records, repeats too")
ROWS_ACCEPTED = _count("RowsAccepted", _WINDOWING, "rows that became an image of a window")
ROWS_DUPLICATE = _count(
    "RowsDuplicate", _WINDOWING, "rows refused because the creator's image is known already"
)
ROWS_RESENT = _count(
    "RowsResent", _WINDOWING, "rows recognised as folded before: redelivered, or sent again"
)
WINDOWS_CLOSED = _count(
    "WindowsClosed",
    (Service.WINDOWING, Service.SWEEPER),
    "windows closed: full ones by windowing, idle ones and those of an ended batch by the sweeper",
)
WINDOWS_EMITTED = _count(
    "WindowsEmitted", _SWEEPER, "windows the sweeper sent to the bus, for the first time or again"
)
WINDOWS_NOT_EMITTED = _count(
    "WindowsNotEmitted",
    (Service.WINDOWING, Service.SWEEPER),
    "windows that the bus did not take; they wait in the table for the sweeper",
)
WINDOWS_ABANDONED = _count(
    "WindowsAbandoned", _SWEEPER, "windows noted as failed because no worker could end them"
)
RECORDS_QUARANTINED = _count(
    "RecordsQuarantined", _WINDOWING, "records that could not be read; kept under failed/records/"
)
RECORDS_FAILED = _count(
    "RecordsFailed", _WINDOWING, "records that Kinesis has to deliver again after a passing error"
)
COMMIT_CONFLICTS = _count(
    "CommitConflicts",
    (Service.WINDOWING, Service.SWEEPER),
    "transactions done again because another writer was quicker",
)
COVERS_REQUESTED = _count(
    "CoversRequested", _SWEEPER, "covers about to expire that were requested, repeats too"
)
COVERS_PREFETCHED = _count(
    "CoversPrefetched", _PREFETCH, "covers prefetched to S3 while their windows are open"
)
COVERS_LOST = Metric(
    name="CoversLost",
    unit=Unit.COUNT,
    services=_PREFETCH,
    by_reason=True,
    in_total=False,
    meaning="covers that could not be had any more when they were to be prefetched, by reason",
)
BATCHES_FLUSHED = _count("BatchesFlushed", _SWEEPER, "batches whose open windows were closed")
BATCHES_ENDED = _count("BatchesEnded", _SWEEPER, "batches of which every window has ended")
ROWS_REFUSED = Metric(
    name="RowsRefused",
    unit=Unit.COUNT,
    services=_SWEEPER,
    by_reason=True,
    in_total=False,
    meaning="rows refused, by reason, counted when their batch ends",
)
BATCHES_OPEN = _count("BatchesOpen", _SWEEPER, "batches that have not ended, seen each minute")
WINDOWS_WAITING = _count(
    "WindowsWaiting", _SWEEPER, "windows closed but without a collage yet, seen each minute"
)
OLDEST_WINDOW_AGE = Metric(
    name="OldestWindowAgeSeconds",
    unit=Unit.SECONDS,
    services=_SWEEPER,
    meaning="age of the oldest of those windows; 0 when there is none",
)
OLDEST_WORK_AGE = Metric(
    name="OldestWorkAgeSeconds",
    unit=Unit.SECONDS,
    services=_SWEEPER,
    meaning="age of the oldest batch or window that has not ended, end to end; 0 when none",
)

COLLAGES_CREATED = _count("CollagesCreated", _COLLAGE, "collages stored and announced")
COLLAGES_FAILED = _count("CollagesFailed", _COLLAGE, "windows of which no image could be had")
COLLAGES_KEPT = _count(
    "CollagesKept", _COLLAGE, "rebuilds with fewer images than the collage that is there"
)
COLLAGES_ALREADY_DONE = _count(
    "CollagesAlreadyDone", _COLLAGE, "messages that came again after their window had ended"
)
MESSAGES_FAILED = _count(
    "MessagesFailed",
    (Service.COLLAGE, Service.PREFETCH),
    "messages that come again after an error, or become dead letters",
)
MESSAGES_DEFERRED = _count(
    "MessagesDeferred", _COLLAGE, "messages that come again because another worker has the window"
)
IMAGES_OK = _count("ImagesOk", _COLLAGE, "cells that show their image")
IMAGES_FAILED = Metric(
    name="ImagesFailed",
    unit=Unit.COUNT,
    services=_COLLAGE,
    by_reason=True,
    meaning="cells that stayed empty, in total and by reason",
)
BYTES_DOWNLOADED = Metric(
    name="BytesDownloaded",
    unit=Unit.BYTES,
    services=(Service.COLLAGE, Service.PREFETCH),
    meaning="bytes of covers fetched",
)
WINDOW_LATENCY = Metric(
    name="WindowLatencyMs",
    unit=Unit.MILLISECONDS,
    services=_COLLAGE,
    meaning="from a window's closing to its stored collage, waiting included; not for replays",
)
MEMORY_PERCENT = Metric(
    name="MemoryPercent",
    unit=Unit.PERCENT,
    services=tuple(Service),
    meaning="most memory that a function's process ever held, of what it may use",
)

CATALOGUE: tuple[Metric, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Metric)
)
"""All of the above, in that order."""
