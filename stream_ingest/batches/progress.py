"""The progress of a batch, computed from the items that have its id. Pure.

The figures come from the items that folds and collages write atomically, so a redelivery changes
none of them. Windows are read from `batch-id-index`, which may lag by a moment; `BatchCounter`
counts rows from the creators' states once all rows have been folded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from stream_ingest.batches.window_counts import WindowCounts
from stream_ingest.contracts import table
from stream_ingest.contracts.triggers import Trigger
from stream_ingest.records.rows import RefusalReason

OPEN_BATCHES = ("sending", "sent", "abandoning", "rejecting", "flushed")
"""Statuses of a batch that has not ended, in their order (see `batches.batch_item`)."""
ENDED_BATCH = "ended"
ABANDONED_BATCH = "abandoned"
REJECTED_BATCH = "rejected"
ENDED_BATCHES = (ENDED_BATCH, ABANDONED_BATCH, REJECTED_BATCH)
"""Final statuses of a batch."""
COUNTED = (*table.TALLY_ATTRIBUTES, "deferred", "since")
"""Numbers of a count that are stored."""
ERASED = "erased"
"""In the counts of windows by status: those that were erased with their creators."""
FOLLOW_TRIGGER = Trigger.MYSQL_FOLLOW.value
"""Trigger of batches of `stream-ingest follow`, which are being sent for a day."""
STALE_AFTER_S = 86_400
"""Seconds after which a batch that is still being sent is not reported as open any more, and
`ops-dashboard doctor` shows it."""
GRACE_S = 60
"""Seconds for which rows have to be missing before they are counted as quarantined, and for which
the count of an abandoned batch has to stay the same."""
REPEATED_GRACE_S = 600
"""Seconds for which more rows have to be counted than were sent before the rest is taken for rows
that were sent again when their creators had forgotten them."""


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """The sums over the creators' tallies of a batch, as `BatchCounter` last read them.

    A count may miss rows for a moment, because the index shows a new creator later. So `since` is
    the epoch second since which the number of rows is the same; rows still missing `GRACE_S` later
    are quarantined.
    """

    accepted: int = 0
    duplicates: int = 0
    blocked: int = 0
    """Rows of erased creators, which were refused."""
    windows: int = 0
    """Windows that were closed for the batch."""
    open_images: int = 0
    """Images of the batch's creators that wait in open windows."""
    deferred: int = 0
    """Rows that wait because their creators' states cannot be read."""
    since: int = 0
    final: bool = False
    """Whether all rows are accounted for, and the windows that end with the batch are closed."""

    @property
    def rows(self) -> int:
        """Rows that were folded."""
        return self.accepted + self.duplicates + self.blocked


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """The item of a batch: the producer's figures, and the last count by `BatchCounter`."""

    batch_id: str
    trigger: str
    status: str
    flush: str
    started_at: str
    settings: str = "{}"
    """Its `BatchSettings` as JSON."""
    source: str | None = None
    """Where its rows come from (`BatchRegistry.register`); None in older batches."""
    rows_read: int = 0
    rows_sent: int = 0
    refused: dict[str, int] = {}
    buckets: int = 0
    drained: int = 0
    counted: Counted | None = None
    notes: tuple[str, ...] = ()
    """Sentences for whoever sent it, such as about fields without effect."""
    erased: int = 0
    """Windows of the batch that were erased with their creators."""
    owner: str = ""
    """Who sends it (`BatchRegistry.register`)."""
    started_by: str = ""
    """User and host of a push, ``ana@laptop``; empty for files, requests and older batches."""
    rejected: str | None = None
    """Why no row of its file could be used; None for other batches."""
    abandoned_at: str | None = None
    abandoned_by: str | None = None
    """Set once somebody has abandoned it: its producer will not end it."""
    updated_at: str | None = None
    """When its producer last wrote its figures; None in older batches."""
    sent_at: str | None = None
    """When its producer had sent its last row; None in older batches."""
    delivery_ended_at: str | None = None
    """Since when no record of it can be delivered, if end marks are missing (`BatchTimeouts`)."""

    @property
    def is_drained(self) -> bool:
        """Whether the end of every bucket has been folded, or cannot be folded any more."""
        if self.delivery_ended_at is not None:
            return True
        return self.buckets > 0 and self.drained >= self.buckets

    @property
    def marks_missing(self) -> int:
        """Number of end marks that the sweeper has stopped waiting for."""
        return self.buckets - self.drained if self.delivery_ended_at is not None else 0

    @property
    def is_flushed(self) -> bool:
        """Whether the end of the batch closes no (further) windows."""
        return self.flush != "batch-end" or self.status in {"flushed", *ENDED_BATCHES}

    def is_settled(self, now_s: int) -> bool:
        """Return whether every row sent is counted as accepted, duplicate or quarantined.

        If more rows are counted than were sent, a tally was read both before and after its move, or
        a push was resumed so late that creators had forgotten its batch. Nobody knows how many rows
        of an abandoned batch were sent, so its count only has to stay the same.
        """
        if self.rejected is not None:
            return True
        if self.counted is None or not self.is_drained:
            return False
        missing = self.rows_sent - self.counted.rows
        grace_s = REPEATED_GRACE_S if missing < 0 and self.abandoned_at is None else GRACE_S
        is_exact = missing == 0 and self.abandoned_at is None
        return is_exact or now_s >= self.counted.since + grace_s


def final_status(batch: Batch) -> str:
    """Return the status that a batch gets at its end."""
    if batch.rejected is not None:
        return REJECTED_BATCH
    return ENDED_BATCH if batch.abandoned_at is None else ABANDONED_BATCH


class BatchProgress(msgspec.Struct, frozen=True, kw_only=True):
    """The progress of a batch, as commands and the console show it."""

    batch_id: str
    trigger: str
    status: str
    rows_read: int
    rows_sent: int
    rows_accepted: int
    """Until the rows are counted: the images in closed windows."""
    refused: dict[str, int]
    windows: int
    """Windows that were closed for this batch."""
    windows_by_status: dict[str, int]
    collages: int
    images_ok: int
    images_failed: int
    open_images: int
    """Images of its creators that waited in open windows at the last count."""
    settled: bool
    """Whether every row sent has been counted as accepted, duplicate or quarantined."""
    ended: bool
    """Whether all rows are counted and all windows have ended."""
    source: str | None = None
    """Where its rows come from: a path, an ``s3://`` or a ``mysql://`` address."""
    notes: tuple[str, ...] = ()
    """Sentences for whoever sent it, such as about fields of its request without effect."""
    rejected: str | None = None
    """Why no row of its file could be used; None for other batches."""
    abandoned_at: str | None = None
    abandoned_by: str | None = None
    """When and by whom it was abandoned; None for nearly all batches."""
    marks_missing: int = 0
    """End marks that never arrived: it was ended without them."""
    started_at: str | None = None
    sent_at: str | None = None
    """When its producer had sent its last row; None in older batches, and until then."""
    built_at: str | None = None
    """When the last of its windows ended; a retry or replay moves it."""
    started_by: str = ""
    """User and host of a push; empty for files, requests and older batches."""


class WindowSums(WindowCounts, msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the windows of one batch, as the index shows them."""

    by_status: dict[str, int]
    images: int
    images_ok: int
    images_failed: int
    built_at: str | None = None
    """When the last of them ended, so far."""


def sum_windows(items: Iterable[Mapping[str, Any]]) -> WindowSums:
    """Return the sums over the windows' status items of a batch."""
    totals: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    built_at = ""
    for item in items:
        statuses[table.index_status(item)] += 1
        built_at = max(built_at, str(item.get("completed_at", "")))
        for name in ("image_count", "images_ok", "images_failed"):
            totals[name] += int(item.get(name, 0))
    return WindowSums(
        by_status=dict(statuses),
        images=totals["image_count"],
        images_ok=totals["images_ok"],
        images_failed=totals["images_failed"],
        built_at=built_at or None,
    )


def sum_tallies(items: Iterable[Mapping[str, Any]]) -> Counted:
    """Return the sums over creators' states, and separate tally items, of one batch."""
    totals: Counter[str] = Counter()
    for item in items:
        for name in table.TALLY_ATTRIBUTES:
            totals[name] += int(item.get(name, 0))
    return Counted(
        accepted=totals["accepted"],
        duplicates=totals["duplicates"],
        blocked=totals["blocked"],
        windows=totals["windows"],
        open_images=totals["open_images"],
    )


def progress_of(batch: Batch, windows: WindowSums, now_s: int) -> BatchProgress:
    """Return the progress of a batch; `now_s` decides whether a count may still miss rows."""
    counted = batch.counted or Counted(accepted=windows.images)
    closed = max(counted.windows, windows.windows + batch.erased)
    erased = {ERASED: batch.erased} if batch.erased else {}
    settled = batch.is_settled(now_s)
    rows_read, rows_sent, refused = _rows(batch, counted, settled=settled)
    return BatchProgress(
        batch_id=batch.batch_id,
        trigger=batch.trigger,
        status=batch.status,
        rows_read=rows_read,
        rows_sent=rows_sent,
        rows_accepted=counted.accepted,
        refused={str(reason): count for reason, count in sorted(refused.items()) if count},
        windows=closed,
        windows_by_status={**windows.by_status, **erased},
        collages=windows.collages,
        images_ok=windows.images_ok,
        images_failed=windows.images_failed,
        open_images=counted.open_images,
        settled=settled,
        ended=batch.rejected is not None
        or (counted.final and windows.ended + batch.erased >= closed),
        source=batch.source,
        notes=batch.notes,
        rejected=batch.rejected,
        abandoned_at=batch.abandoned_at,
        abandoned_by=batch.abandoned_by,
        marks_missing=batch.marks_missing,
        started_at=batch.started_at,
        sent_at=batch.sent_at,
        built_at=windows.built_at,
        started_by=batch.started_by,
    )


def _rows(batch: Batch, counted: Counted, *, settled: bool) -> tuple[int, int, dict[str, int]]:
    """Return the rows read, sent, and refused by reason, with those that the fold refused.

    The producer of an abandoned batch reported its figures some time before it stopped: it has sent
    at least what is counted, and read at least what it sent or refused.
    """
    refused = Counter(batch.refused)
    rows_read, rows_sent = batch.rows_read, batch.rows_sent
    if batch.abandoned_at is not None:
        rows_sent = max(rows_sent, counted.rows if batch.counted else 0)
        rows_read = max(rows_read, rows_sent + refused.total())
        refused[RefusalReason.NOT_SENT] = rows_read - rows_sent - refused.total()
    again = max(counted.rows - rows_sent, 0) if settled else 0
    refused[RefusalReason.DUPLICATE] += max(counted.duplicates - again, 0)
    refused[RefusalReason.BLOCKED] += counted.blocked
    if settled:
        missing = max(rows_sent - counted.rows, 0)
        refused[RefusalReason.DEFERRED] += min(counted.deferred, missing)
        refused[RefusalReason.QUARANTINED] += missing - min(counted.deferred, missing)
    return rows_read, rows_sent, refused
