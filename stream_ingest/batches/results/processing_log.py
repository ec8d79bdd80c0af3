"""The log of a day: the batches that ended on it, and what became of each. Pure.

It is one JSON document, in the order in which the batches ended. A batch is in it once, whatever is
repeated: an entry takes the place of the one with its id. An entry has some 700 bytes.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from stream_ingest.batches.results.summary import BatchSummary
from stream_ingest.contracts.table import WindowStatus

_FOLDER = "results/processing-logs"

Outcome = Literal["completed", "partial", "failed", "no collages", "rejected"]


class LoggedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a batch; the other figures are those of its summary."""

    batch_id: str
    trigger: str
    source: str | None
    outcome: Outcome
    """``completed``: every image of every window is in a collage; ``partial``: some are not;
    ``failed``: no window has a collage; ``no collages``: no window was closed by its end;
    ``rejected``: no row of its file could be used."""
    rejected: str | None = None
    """Why no row could be used."""
    marks_missing: int = 0
    """End marks that never arrived."""
    started_at: str
    ended_at: str
    duration_s: int
    rows_read: int
    rows_accepted: int
    refused: dict[str, int]
    windows: int
    collages: int
    images_ok: int
    images_failed: int
    failures: dict[str, int]
    summary_key: str
    results_key: str


class ProcessingLog(msgspec.Struct, frozen=True, kw_only=True):
    """The batches that ended on one UTC day, in the order in which they ended."""

    schema: Literal[1] = 1
    date: str
    batches: list[LoggedBatch] = []


def log_key(date: str) -> str:
    """Return the key of a day's log (YYYY-MM-DD) in the output bucket."""
    year, month, _ = date.split("-")
    return f"{_FOLDER}/{year}/{month}/processing_log_{date.replace('-', '')}.json"


def with_logged(log: ProcessingLog, summary: BatchSummary) -> ProcessingLog:
    """Return a log that contains a batch; the same log if it did already."""
    entries = {batch.batch_id: batch for batch in log.batches}
    entries[summary.batch_id] = _logged(summary)
    ordered = sorted(entries.values(), key=lambda batch: (batch.ended_at, batch.batch_id))
    return ProcessingLog(date=log.date, batches=ordered)


def _logged(summary: BatchSummary) -> LoggedBatch:
    names = set(LoggedBatch.__struct_fields__) & set(BatchSummary.__struct_fields__)
    return LoggedBatch(
        **{name: getattr(summary, name) for name in names}, outcome=_outcome(summary)
    )


def _outcome(summary: BatchSummary) -> Outcome:
    if summary.rejected is not None:
        return "rejected"
    if not summary.windows:
        return "no collages"
    if not summary.collages:
        return "failed"
    complete = summary.windows_by_status.get(WindowStatus.COMPLETED, 0) == summary.windows
    return "completed" if complete else "partial"
