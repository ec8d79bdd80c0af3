"""Following a batch to its end, with its progress on stderr. Edge (DynamoDB, terminal)."""

from __future__ import annotations

import time

from stream_ingest.batches.outcome import outcome_of
from stream_ingest.batches.progress import BatchProgress
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.cli.terminal import show_progress
from stream_ingest.contracts.errors import UserError

_POLL_S = 1.0


def follow(
    registry: BatchRegistry, batch_id: str, *, start_timeout_s: float, missing: str
) -> BatchProgress:
    """Wait until a batch has ended; return its final progress.

    Raises `UserError` with the text `missing` if the batch does not exist after `start_timeout_s`
    seconds.
    """
    deadline = time.monotonic() + start_timeout_s
    with show_progress(f"batch {batch_id}") as report:
        while True:
            current = registry.progress(batch_id)
            if current is not None:
                done = current.images_ok + current.images_failed
                report(_describe(current), done, current.rows_accepted or None)
                if current.ended:
                    return current
            elif time.monotonic() >= deadline:
                raise UserError(missing)
            time.sleep(_POLL_S)


def _describe(current: BatchProgress) -> str:
    return (
        f"{outcome_of(current).text}: {current.rows_accepted:,} rows accepted,"
        f" {current.collages:,} of {current.windows:,} windows made into collages"
    )
