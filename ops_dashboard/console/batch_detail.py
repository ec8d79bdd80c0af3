"""Everything that is known of one batch. Edge (DynamoDB, S3).

Reading it costs the batch's item, a few pages of its windows (`BatchWindows`) and, once it has
ended, its summary, which is read once.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from ops_dashboard.inspect.batches.batch_figures import BatchFigures
from ops_dashboard.inspect.batches.batch_rows import BatchRow, batch_row
from ops_dashboard.inspect.batches.batch_settings import SettingLine, setting_lines
from ops_dashboard.inspect.batches.batch_summaries import BatchSummaries
from ops_dashboard.inspect.batches.batch_windows import BatchWindows
from ops_dashboard.planner.batch_cost import BatchCost, BatchWork, batch_cost
from ops_dashboard.planner.command import shipped_figures
from ops_dashboard.planner.measured import Figures
from stream_ingest.batches.progress import Batch
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.batches.results.summary import BatchSummary
from stream_ingest.contracts.object_keys import refused_prefix
from stream_ingest.contracts.stack_outputs import StackOutputs


class StoredObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object of a batch, or a folder, in the output bucket."""

    name: str
    uri: str
    """Its ``s3://`` address."""


class BatchDetail(BatchRow, frozen=True, kw_only=True):
    """A batch: its row, and what is shown of it alone; times are ISO 8601 in UTC."""

    is_complete: bool
    """Whether all windows are in the figures; if not, the next call has read more of them."""
    sent_at: str | None
    last_end_at: str | None
    """When the last of its windows ended so far."""
    ended_at: str | None
    """When it ended; None if it has not, or without a summary."""
    images_failed_at_end: int | None
    """Failed images when it ended: a retry may have made them fewer."""
    failures: dict[str, int]
    """Failed images by reason."""
    unfinished: int
    """Windows that no worker finished."""
    can_retry: bool
    """Whether something failed for a reason that may have passed."""
    processing_ms: int
    longest_ms: int
    bytes_downloaded: int
    collage_bytes: int
    settings: list[SettingLine]
    cost: BatchCost
    objects: list[StoredObject]


class BatchDetails:
    """Reads single batches of one stack. Safe to share between threads."""

    def __init__(
        self,
        registry: BatchRegistry,
        windows: BatchWindows,
        summaries: BatchSummaries,
        outputs: StackOutputs,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`clock` gives epoch seconds."""
        self._registry, self._windows, self._summaries = registry, windows, summaries
        self._outputs, self._clock = outputs, clock
        self._figures = Figures(measured=shipped_figures())

    def find(self, batch_id: str) -> BatchDetail | None:
        """Return a batch; None if it is unknown. Raises `UnreadableItemError`."""
        batch = self._registry.load(batch_id)
        if batch is None:
            return None
        summary = self._summaries.find(batch)
        return self._detail(batch, self._windows.read(batch_id), summary)

    def _detail(
        self, batch: Batch, figures: BatchFigures, summary: BatchSummary | None
    ) -> BatchDetail:
        row = batch_row(batch, figures, summary, int(self._clock()))
        windows, tally = figures.windows, figures.windows.tally
        work = BatchWork(
            rows_sent=row.progress.rows_sent,
            creators=summary.creators if summary else tally.windows,
            windows=tally.windows,
            collages=tally.collages,
            processing_ms=tally.processing_ms,
            collage_memory_mb=self._outputs.collage_memory_mb,
        )
        return BatchDetail(
            started_at=row.started_at,
            progress=row.progress,
            outcome=row.outcome,
            is_complete=figures.is_complete,
            sent_at=batch.sent_at,
            last_end_at=windows.last_end_at,
            ended_at=summary.ended_at if summary else None,
            images_failed_at_end=summary.images_failed if summary else None,
            failures=dict(tally.failures),
            unfinished=windows.unfinished,
            can_retry=windows.retryable > 0,
            processing_ms=tally.processing_ms,
            longest_ms=tally.longest_ms,
            bytes_downloaded=tally.bytes_downloaded,
            collage_bytes=tally.collage_bytes,
            settings=setting_lines(batch.settings),
            cost=batch_cost(work, self._figures),
            objects=self._objects(batch, row, summary),
        )

    def _objects(
        self, batch: Batch, row: BatchRow, summary: BatchSummary | None
    ) -> list[StoredObject]:
        keys, bucket = {}, self._outputs.output_bucket
        if batch.source and batch.source.startswith("s3://"):
            keys["source file"] = batch.source
        if summary is not None:
            keys["summary"] = f"s3://{bucket}/{summary.summary_key}"
            keys["list of windows at its end"] = f"s3://{bucket}/{summary.results_key}"
        if row.progress.refused:
            keys["refused rows"] = f"s3://{bucket}/{refused_prefix(batch.batch_id)}"
        return [StoredObject(name=name, uri=uri) for name, uri in keys.items()]
