"""The result of one batch, once all of its windows have ended. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from stream_ingest.batches.progress import Batch, BatchProgress
from stream_ingest.batches.window_counts import WindowCounts
from stream_ingest.contracts import table
from stream_ingest.contracts.event_model import Event
from stream_ingest.contracts.events import BatchCompleted, FileRejected
from stream_ingest.contracts.naming import SMOKE_TRIGGER
from stream_ingest.contracts.timestamps import from_epoch_s, parse_utc
from stream_ingest.records.rows import RefusalReason

_LINE = re.compile(r"line ([\d,]+): ")
"""Beginning of the reason for a rejection if a line is at fault."""
_FOLDER = "results/processing-summaries"
_SUMMARY, _RESULTS = "processing_summary", "batch_results"


def summary_key(batch_id: str, started_at: str) -> str:
    """Return the key of a batch's summary in the output bucket.

    Its time is that at which the batch was registered, so that a retry writes the same key.
    """
    return _key(_SUMMARY, batch_id, started_at, "json")


def results_key(batch_id: str, started_at: str) -> str:
    """Return the key of the list of a batch's windows in the output bucket; see `summary_key`."""
    return _key(_RESULTS, batch_id, started_at, "csv")


def report_prefixes(batch_id: str, month: datetime) -> tuple[str, ...]:
    """Return what both keys begin with, for a batch that was registered in a month."""
    return tuple(_prefix(kind, batch_id, month) for kind in (_SUMMARY, _RESULTS))


def _key(kind: str, batch_id: str, started_at: str, suffix: str) -> str:
    started = parse_utc(started_at)
    return f"{_prefix(kind, batch_id, started)}{started:%Y%m%d_%H%M%S}.{suffix}"


def _prefix(kind: str, batch_id: str, month: datetime) -> str:
    return f"{_FOLDER}/{month:%Y/%m}/{kind}_{batch_id}_"


class BatchSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A batch at its end; what a retry or a replay makes of its windows later is not in it.

    Windows are those that the batch had closed by then: what is still open then (`images_waiting`)
    is of no window yet.
    """

    schema: Literal[1] = 1
    batch_id: str
    trigger: str
    source: str | None = None
    """Where its rows come from: a path, an ``s3://`` or a ``mysql://`` address."""
    settings: dict[str, Any]
    started_at: str
    ended_at: str
    duration_s: int
    rows_read: int
    rows_sent: int
    rows_accepted: int
    refused: dict[str, int]
    creators: int
    windows: int
    windows_by_status: dict[str, int]
    collages: int
    images_ok: int
    images_failed: int
    failures: dict[str, int]
    """Images that could not be downloaded or decoded, by reason."""
    images_waiting: int
    processing_ms: int = 0
    """Sum of the windows' processing times, each from its claim by a worker to its end."""
    longest_ms: int = 0
    """The longest processing time of a window."""
    bytes_downloaded: int = 0
    collage_bytes: int = 0
    """Sizes of all collages."""
    rows_per_s: float | None = None
    """Rows read per second of the batch's duration; None if that is 0."""
    images_per_s: float | None = None
    """Images in collages per second of the batch's duration; None if that is 0."""
    summary_key: str
    results_key: str
    notes: tuple[str, ...] = ()
    """Sentences for whoever sent it, such as about fields of its request without effect."""
    rejected: str | None = None
    """Why no row of its file could be used; None for other batches."""
    abandoned_at: str | None = None
    abandoned_by: str | None = None
    """When and by whom it was abandoned; None for nearly all batches."""
    marks_missing: int = 0
    """End marks that never arrived: the sweeper ended the batch without them."""

    @property
    def is_private(self) -> bool:
        """Whether it is a smoke test's, which is in no log or statistics and is not announced."""
        return self.trigger == SMOKE_TRIGGER

    @property
    def is_incomplete(self) -> bool:
        """Whether rows that were sent, or end marks, were never folded."""
        return bool(self.marks_missing or self.refused.get(RefusalReason.QUARANTINED))


class WindowTally(WindowCounts, msgspec.Struct, kw_only=True):
    """Sums over the windows of a batch, one after the other. Not a value: it grows."""

    ended_at_s: int
    """Epoch second at which the windows were counted: the end of their batch."""
    by_status: dict[str, int] = {}
    failures: dict[str, int] = {}
    images_ok: int = 0
    images_failed: int = 0
    processing_ms: int = 0
    longest_ms: int = 0
    bytes_downloaded: int = 0
    collage_bytes: int = 0

    def add(self, window: Mapping[str, Any]) -> None:
        """Count a window's status item."""
        status = table.index_status(window)
        self.by_status[status] = self.by_status.get(status, 0) + 1
        self.images_ok += int(window.get("images_ok", 0))
        self.images_failed += int(window.get("images_failed", 0))
        duration_ms = int(window.get("duration_ms", 0))
        self.processing_ms += duration_ms
        self.longest_ms = max(self.longest_ms, duration_ms)
        self.bytes_downloaded += int(window.get("bytes_downloaded", 0))
        self.collage_bytes += int(window.get("collage_bytes", 0))
        for reason, images in window.get("failures", {}).items():
            self.failures[str(reason)] = self.failures.get(reason, 0) + int(images)


def summarize(
    batch: Batch, progress: BatchProgress, creators: int, windows: WindowTally
) -> BatchSummary:
    """Return the summary of a batch that ended with the windows that were listed."""
    ended_at = from_epoch_s(windows.ended_at_s)
    duration_s = max(0, int((ended_at - parse_utc(batch.started_at)).total_seconds()))
    return BatchSummary(
        batch_id=batch.batch_id,
        trigger=batch.trigger,
        source=batch.source,
        settings=msgspec.json.decode(batch.settings, type=dict[str, Any]),
        started_at=batch.started_at,
        ended_at=ended_at.isoformat(),
        duration_s=duration_s,
        rows_read=progress.rows_read,
        rows_sent=progress.rows_sent,
        rows_accepted=progress.rows_accepted,
        refused=progress.refused,
        creators=creators,
        windows=windows.windows,
        windows_by_status=dict(sorted(windows.by_status.items())),
        collages=windows.collages,
        images_ok=windows.images_ok,
        images_failed=windows.images_failed,
        failures=dict(sorted(windows.failures.items())),
        images_waiting=progress.open_images,
        processing_ms=windows.processing_ms,
        longest_ms=windows.longest_ms,
        bytes_downloaded=windows.bytes_downloaded,
        collage_bytes=windows.collage_bytes,
        rows_per_s=per_second(progress.rows_read, duration_s),
        images_per_s=per_second(windows.images_ok, duration_s),
        summary_key=summary_key(batch.batch_id, batch.started_at),
        results_key=results_key(batch.batch_id, batch.started_at),
        notes=batch.notes,
        rejected=batch.rejected,
        abandoned_at=batch.abandoned_at,
        abandoned_by=batch.abandoned_by,
        marks_missing=progress.marks_missing,
    )


def per_second(count: int, seconds: int) -> float | None:
    """Return a rate; None for no time at all."""
    return round(count / seconds, 3) if seconds else None


def completed(summary: BatchSummary) -> BatchCompleted:
    """Return the event that announces the end of a batch."""
    return BatchCompleted(
        batch_id=summary.batch_id,
        trigger=summary.trigger,
        rows_read=summary.rows_read,
        rows_accepted=summary.rows_accepted,
        refused=summary.refused,
        windows=summary.windows,
        collages=summary.collages,
        images_ok=summary.images_ok,
        images_failed=summary.images_failed,
        summary_key=summary.summary_key,
        results_key=summary.results_key,
        rejected=summary.rejected or msgspec.UNSET,
        abandoned_at=parse_utc(summary.abandoned_at) if summary.abandoned_at else msgspec.UNSET,
        marks_missing=summary.marks_missing or msgspec.UNSET,
    )


def ends_of(summary: BatchSummary) -> list[Event]:
    """Return the events of a batch's end: a file's rejection, if it is one, and the completion.

    A private batch has none.
    """
    if summary.is_private:
        return []
    file = rejected(summary)
    return [*([file] if file else []), completed(summary)]


def rejected(summary: BatchSummary) -> FileRejected | None:
    """Return the event of a rejected file; None for another batch."""
    if summary.rejected is None:
        return None
    line = _LINE.match(summary.rejected)
    return FileRejected(
        batch_id=summary.batch_id,
        trigger=summary.trigger,
        file=summary.source or "",
        reason=summary.rejected,
        line=int(line[1].replace(",", "")) if line else 0,
        rows_read=summary.rows_read,
        refused=summary.refused,
    )
