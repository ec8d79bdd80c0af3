"""A batch whose item cannot be read, in lists of batches. Pure."""

from __future__ import annotations

from stream_ingest.batches.progress import BatchProgress
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UnreadableItemError


def unreadable_batch(error: UnreadableItemError) -> BatchProgress:
    """Return a row with the batch's id and what is wrong with it, so that it hides no other."""
    return BatchProgress(
        batch_id=table.batch_of(error.partition),
        trigger="",
        status=table.UNREADABLE,
        rows_read=0,
        rows_sent=0,
        rows_accepted=0,
        refused={},
        windows=0,
        windows_by_status={},
        collages=0,
        images_ok=0,
        images_failed=0,
        open_images=0,
        settled=False,
        ended=False,
        notes=(f"{error.reason}; see `ops-dashboard repair`",),
    )
