"""Following a batch to its end, with its progress on stderr. Edge (DynamoDB, terminal)."""

from __future__ import annotations

import time

from stream_ingest.batches.outcome import outcome_of
from stream_ingest.batches.progress import BatchProgress
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.cli.progress import show_progress
from stream_ingest.contracts.errors import UserError
from stream_ingest.records.rows import RefusalReason

_POLL_S, _LONGEST_POLL_S = 1.0, 30.0
_PAUSE_PER_READ = 9
"""Each progress reads all windows of the batch, tens of thousands of a large one, which DynamoDB
bills: so the reads take at most a tenth of the time."""


def follow(
    registry: BatchRegistry, batch_id: str, *, start_timeout_s: float, missing: str
) -> BatchProgress:
    """Wait until a batch has ended; return its final progress.

    Raises `UserError` with the text `missing` if the batch does not exist after `start_timeout_s`
    seconds.
    """
    deadline = time.monotonic() + start_timeout_s
    with show_progress(f"batch {batch_id}", "images") as report:
        while True:
            began_s = time.monotonic()
            current = registry.progress(batch_id)
            read_s = time.monotonic() - began_s
            if current is not None:
                done = current.images_ok + current.images_failed
                due = max(current.rows_accepted - current.open_images, done)
                report(_describe(current), done, due or None)
                if current.ended:
                    return current
            elif time.monotonic() >= deadline:
                raise UserError(missing)
            time.sleep(pause_s(read_s))


def pause_s(read_s: float) -> float:
    """Return the seconds until the progress is read again, if reading it took `read_s`."""
    return min(max(_POLL_S, _PAUSE_PER_READ * read_s), _LONGEST_POLL_S)


def _describe(current: BatchProgress) -> str:
    text = outcome_of(current).text
    return f"{text}: {current.collages:,} of {current.windows:,}" if current.windows else text


def arrived(current: BatchProgress) -> str:
    """Return what became of the rows that were sent: how many were known already, or are new."""
    known = current.refused.get(RefusalReason.DUPLICATE, 0)
    others = current.rows_sent - known - current.rows_accepted
    parts = [f"{known:,} known already", f"{current.rows_accepted:,} new"]
    if others > 0:
        parts.append(f"{others:,} refused")
    return f"{current.rows_sent:,} sent: {', '.join(parts)}"


def made(current: BatchProgress) -> str:
    """Return what was made of the rows that were accepted."""
    return (
        f"{current.collages:,} collages, {current.images_ok:,} images in them,"
        f" {current.images_failed:,} failed"
    )
