"""Whether a push that stopped can still be continued. Edge (DynamoDB, clock).

A resumed push sends its last chunk again. A creator recognises those rows by the watermark of their
batch, which it stores for nine days, and for its last 1,000 batches. After that, rows that had
arrived would be taken for new ones: duplicates, and without deduplication a second time in windows.
"""

from __future__ import annotations

import time
from itertools import islice, takewhile

from stream_ingest.batches.progress import ENDED_BATCHES, OPEN_BATCHES
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.contracts.timestamps import from_epoch_s, iso_second
from stream_ingest.contracts.watermarks import MAX_WATERMARKS, WATERMARK_LIFE_S
from stream_ingest.push.checkpoint import PushPlan
from stream_ingest.push.chunks import Chunk

RESUMABLE_S = WATERMARK_LIFE_S - DAY_S
"""Seconds after its last chunk for which a push can be resumed; a day is left to send it in."""
MAX_BATCHES_SINCE = MAX_WATERMARKS - 100
"""Number of batches since its last chunk up to which a push without deduplication can be."""


class TooLateError(UserError):
    """What a push sent last can no longer be recognised: it must not be sent again."""


def check_in_time(
    plan: PushPlan, last_chunk: Chunk | None, written_at: float, registry: BatchRegistry
) -> None:
    """Raise `TooLateError` if a chunk that was written at an epoch second is too old to be sent.

    End marks can always be sent again.
    """
    if last_chunk is None or last_chunk.ends or not last_chunk.records:
        return
    age_s = time.time() - written_at
    if age_s > RESUMABLE_S:
        _refuse(plan, f"stopped {age_s / DAY_S:.0f} days ago")
    settings = plan.header.settings
    if settings.dedup or not settings.group_by_creator:
        return
    since = iso_second(from_epoch_s(int(written_at) - DAY_S))
    if _batches_since(registry, since) > MAX_BATCHES_SINCE:
        _refuse(plan, f"stopped more than {MAX_BATCHES_SINCE} batches ago")


def _batches_since(registry: BatchRegistry, since: str) -> int:
    """Return the number of batches that have started since, one more than allowed at most."""
    started = islice(registry.newest_in((*OPEN_BATCHES, *ENDED_BATCHES)), MAX_BATCHES_SINCE + 1)
    return sum(1 for _ in takewhile(lambda each: each[0] >= since, started))


def _refuse(plan: PushPlan, why: str) -> None:
    batch_id = plan.header.batch_id
    again = (
        "and push its rows again as a new batch"
        if plan.header.settings.dedup
        else "then push only the rows that it has not sent (--since, --until)"
    )
    msg = (
        f"batch {batch_id!r} {why}, too long to tell which of its last rows had arrived;"
        f" end it (stream-ingest abandon {batch_id} --stack {plan.stack}) {again}"
    )
    raise TooLateError(msg)
