"""A batch followed to its end, with how far it is on stderr. Edge (DynamoDB, terminal)."""

from __future__ import annotations

import time

from stream_ingest.batches.progress import BatchProgress
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.cli.terminal import progress
from stream_ingest.contracts.errors import UserError

_POLL_S = 1.0


def follow(
    registry: BatchRegistry, batch_id: str, *, patience_s: float, missing: str
) -> BatchProgress:
    """Wait until a batch has ended; return its last progress.

    `UserError` with the text `missing` where after `patience_s` seconds there is no such batch.
    """
    deadline = time.monotonic() + patience_s
    with progress(f"batch {batch_id}") as tell:
        while True:
            seen = registry.progress(batch_id)
            if seen is not None:
                tell(_spoken(seen), seen.images_ok + seen.images_failed, seen.rows_accepted or None)
                if seen.ended:
                    return seen
            elif time.monotonic() >= deadline:
                raise UserError(missing)
            time.sleep(_POLL_S)


def _spoken(seen: BatchProgress) -> str:
    return (
        f"{seen.status}: {seen.rows_accepted:,} rows accepted, {seen.collages:,} of"
        f" {seen.windows:,} windows made into collages"
    )
