"""How far a batch is, from the items that carry its id. Pure.

Counts are read off the same items that the folds and collages wrote in their own atomic writes, so
a redelivery changes none of them. An index may lag behind its table by a moment: `settled` tells
whether what was seen adds up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from stream_ingest import table
from stream_ingest.rows import RefusalReason

OPEN_BATCHES = ("sending", "sent", "flushed")
"""Statuses of a batch that has not ended, in the order in which it has them (see `batches`)."""
ENDED_BATCH = "ended"


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of a drained batch that were in no count, and since when (epoch second) it is as many.

    A count may miss rows for a moment, because a creator's tally moves to an item of its own when
    another batch comes, and an index shows that later. Rows that stay missing are quarantined.
    """

    missing: int
    since: int


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch's own item: what its producer knows of it."""

    batch_id: str
    trigger: str
    status: str
    flush: str
    started_at: str
    settings: str = "{}"
    """Its `BatchSettings` as JSON."""
    rows_read: int = 0
    rows_sent: int = 0
    refused: dict[str, int] = {}
    buckets: int = 0
    drained: int = 0
    doubt: Doubt | None = None

    @property
    def is_drained(self) -> bool:
        """Tell whether every bucket's end has been folded."""
        return self.buckets > 0 and self.drained >= self.buckets


class BatchProgress(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as a person asks about it."""

    batch_id: str
    trigger: str
    status: str
    rows_read: int
    rows_sent: int
    rows_accepted: int
    refused: dict[str, int]
    windows: int
    """Windows that the folds have closed for this batch."""
    windows_by_status: dict[str, int]
    collages: int
    images_ok: int
    images_failed: int
    open_images: int
    """Images of the batch's creators that wait in windows which are not full."""
    settled: bool
    """Whether every row sent has been counted as accepted, duplicate or quarantined."""
    ended: bool
    """Whether nothing of this batch is under way any more."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the items of one batch add up to."""

    accepted: int
    duplicates: int
    windows: int
    windows_by_status: dict[str, int]
    images_ok: int
    images_failed: int
    open_images: int
    creators: frozenset[str]


GRACE_S = 60
"""How long the same rows have to be missing before they are taken for quarantined."""


def add_up(items: Iterable[Mapping[str, Any]]) -> Seen:
    """Return the sums over a batch's items in `batch-id-index`."""
    totals: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    creators: set[str] = set()
    for item in items:
        kind = str(item[table.SORT_KEY]).partition("#")[0]
        if kind == "window":
            statuses[str(item["status"])] += 1
            totals["images_ok"] += int(item.get("images_ok", 0))
            totals["images_failed"] += int(item.get("images_failed", 0))
        elif kind in {"state", "tally"}:
            creators.add(str(item["creator"]))
            for name in table.TALLY_ATTRIBUTES:
                totals[name] += int(item.get(name, 0))
    return Seen(
        accepted=totals["accepted"],
        duplicates=totals["duplicates"],
        windows=totals["windows"],
        windows_by_status=dict(statuses),
        images_ok=totals["images_ok"],
        images_failed=totals["images_failed"],
        open_images=totals["open_images"],
        creators=frozenset(creators),
    )


def missing_rows(batch: Batch, seen: Seen) -> int:
    """Return how many of the rows sent are in no count."""
    return batch.rows_sent - seen.accepted - seen.duplicates


def progress_of(batch: Batch, seen: Seen, now_s: int) -> BatchProgress:
    """Return the progress of a batch; `now_s` decides whether a count may still miss rows."""
    missing = missing_rows(batch, seen)
    doubt = batch.doubt
    lasts = doubt is not None and doubt.missing == missing and now_s >= doubt.since + GRACE_S
    # More than was sent is an index that shows a tally both where it was and where it went.
    settled = batch.is_drained and (missing == 0 or (missing > 0 and lasts))
    refused = dict(batch.refused)
    if seen.duplicates:
        refused[RefusalReason.DUPLICATE] = refused.get("duplicate", 0) + seen.duplicates
    if settled and missing > 0:
        refused[RefusalReason.QUARANTINED] = missing
    ended_windows = sum(seen.windows_by_status.get(status, 0) for status in table.ENDED)
    flushed = batch.flush != "batch-end" or batch.status in {"flushed", ENDED_BATCH}
    return BatchProgress(
        batch_id=batch.batch_id,
        trigger=batch.trigger,
        status=batch.status,
        rows_read=batch.rows_read,
        rows_sent=batch.rows_sent,
        rows_accepted=seen.accepted,
        refused={str(reason): count for reason, count in sorted(refused.items())},
        windows=seen.windows,
        windows_by_status=seen.windows_by_status,
        collages=sum(seen.windows_by_status.get(status, 0) for status in table.COLLAGES),
        images_ok=seen.images_ok,
        images_failed=seen.images_failed,
        open_images=seen.open_images,
        settled=settled,
        ended=settled and flushed and ended_windows >= seen.windows,
    )
