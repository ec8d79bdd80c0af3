"""A batch in a list: its progress and its outcome. Pure."""

from __future__ import annotations

import msgspec

from ops_dashboard.inspect.batches.batch_figures import BatchFigures
from ops_dashboard.inspect.batches.unreadable_batch import unreadable_batch
from stream_ingest.batches.outcome import BatchOutcome, outcome_of
from stream_ingest.batches.progress import (
    ENDED_BATCHES,
    Batch,
    BatchProgress,
    WindowSums,
    progress_of,
)
from stream_ingest.batches.results.summary import BatchSummary
from stream_ingest.contracts.errors import UnreadableItemError


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """A batch in a list: its progress, when it started, and what became of it."""

    started_at: str
    progress: BatchProgress
    outcome: BatchOutcome


def batch_row(
    batch: Batch, figures: BatchFigures, summary: BatchSummary | None, now_s: int
) -> BatchRow:
    """Return the row of a batch.

    If `figures` do not include all windows of a batch that has ended, those of its `summary` are
    shown, which a retry does not change.
    """
    windows, is_partial = figures.windows.sums(), not figures.is_complete
    if is_partial and summary is not None:
        windows = WindowSums(
            by_status=summary.windows_by_status,
            images=summary.rows_accepted,
            images_ok=summary.images_ok,
            images_failed=summary.images_failed,
        )
    progress = progress_of(batch, windows, now_s)
    if is_partial and batch.status in ENDED_BATCHES:
        progress = msgspec.structs.replace(progress, ended=True)
    return _row(batch.started_at, progress)


def unreadable_row(error: UnreadableItemError, started_at: str) -> BatchRow:
    """Return the row of a batch whose item cannot be read."""
    return _row(started_at, unreadable_batch(error))


def _row(started_at: str, progress: BatchProgress) -> BatchRow:
    return BatchRow(started_at=started_at, progress=progress, outcome=outcome_of(progress))
