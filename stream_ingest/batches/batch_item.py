"""The item of a batch, as it is stored. Pure.

========  ====================================  ==================================================
call      condition                             changes
========  ====================================  ==================================================
register  no item                               creates it: ``sending``, its owner
totals    ``sending`` or ``sent``               rows read, sent and refused, when; ``sent`` if final
reject    ``sending``                           ``rejecting``, the reason, rows read and refused
abandon   ``sending`` or ``sent``               ``abandoning``, when and by whom
drained   none of the time-outs                 adds buckets whose end was folded
time-out  ``sent`` or ``abandoning``            since when no end mark can be delivered
time-out  ``sending``, nothing written since    ``abandoning``, as above
count     no final count                        the sums over its creators
move      the status that was read              the next status
========  ====================================  ==================================================

No status of a window has the same name, because both are queried in ``status-date-index``::

    sending ─► sent ────────► (flushed) ─► ended
       ├────────┴─► abandoning ─► (flushed) ─► abandoned
       └─► rejecting ─► rejected

A batch is rejected if it is a file of which no row can be used: nothing of it is in the stream. It
is ``flushed`` only if its windows close when it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from stream_ingest.aws.items import Item, decoding, whole
from stream_ingest.batches.progress import (
    ABANDONED_BATCH,
    COUNTED,
    ENDED_BATCH,
    ENDED_BATCHES,
    OPEN_BATCHES,
    Batch,
    Counted,
)
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import DAY_S, BatchSettings
from stream_ingest.contracts.timestamps import from_epoch_s, iso_second, parse_utc
from stream_ingest.records import codec
from stream_ingest.records.codec import BatchHeader

BATCH_LIFE_S = 400 * DAY_S


class BatchTakenError(UserError):
    """The batch's id belongs to another push, file or request."""


class BatchAbandonedError(UserError):
    """The batch was abandoned, or ended without its end marks: nothing more may be sent for it."""


def iso_now(clock: Callable[[], float]) -> str:
    """Return the present second of a clock of epoch seconds, as items have it."""
    return iso_second(from_epoch_s(int(clock())))


def key_of(batch_id: str) -> Item:
    """Return the key of a batch's item."""
    return {table.PARTITION_KEY: table.batch_partition(batch_id), table.SORT_KEY: table.BATCH}


def new_item(  # noqa: PLR0913 - the parts of an item
    header: BatchHeader,
    source: str | None,
    notes: Sequence[str],
    owner: str,
    now_s: int,
    *,
    started_by: str = "",
) -> Item:
    """Return the item of a batch that is registered at `now_s`."""
    return {
        **key_of(header.batch_id),
        "batch_id": header.batch_id,
        "trigger": header.trigger,
        "source": source,
        "status": "sending",
        "flush": header.settings.flush.kind,
        "settings": encode_settings(header),
        "started_at": from_epoch_s(now_s).isoformat(),
        table.CLOSED_AT: iso_second(from_epoch_s(now_s)),
        "updated_at": iso_second(from_epoch_s(now_s)),
        "buckets": codec.BUCKETS,
        "rows_read": 0,
        "rows_sent": 0,
        "refused": {},
        **({"notes": list(notes)} if notes else {}),
        "registered_by": owner,
        **({"started_by": started_by} if started_by else {}),
        table.TTL_ATTRIBUTE: now_s + BATCH_LIFE_S,
    }


def how_read(remarks: Sequence[str], rejected: str | None) -> Item:
    """Return sentences about how a batch's file was read, and why no row can be used, as stored."""
    own: Item = {"remarks": list(remarks)} if remarks else {}
    return own if rejected is None else {**own, "rejected": rejected}


def encode_settings(header: BatchHeader) -> str:
    """Return a batch's settings as its item has them."""
    return msgspec.json.encode(header.settings).decode()


def read_batch(item: Item) -> Batch:
    """Return the batch of an item; raises `UnreadableItemError` if any part of it is wrong."""
    with decoding(item):
        batch = Batch(
            batch_id=item["batch_id"],
            trigger=item["trigger"],
            status=item["status"],
            flush=item["flush"],
            started_at=item["started_at"],
            settings=item.get("settings", "{}"),
            source=item.get("source"),
            notes=(*item.get("notes", ()), *item.get("remarks", ())),
            rows_read=whole(item["rows_read"]),
            rows_sent=whole(item["rows_sent"]),
            refused={reason: whole(count) for reason, count in item["refused"].items()},
            buckets=whole(item["buckets"]),
            drained=_drained(item),
            counted=_counted(item) if "counted" in item else None,
            erased=whole(item.get("erased", 0)),
            owner=item.get("registered_by", ""),
            started_by=item.get("started_by", ""),
            rejected=item.get("rejected"),
            abandoned_at=item.get("abandoned_at"),
            abandoned_by=item.get("abandoned_by"),
            updated_at=item.get("updated_at"),
            sent_at=item.get("sent_at"),
            delivery_ended_at=item.get("delivery_ended_at"),
        )
        if batch.status not in {*OPEN_BATCHES, *ENDED_BATCHES}:
            msg = f"status {batch.status!r}"
            raise ValueError(msg)
        parse_utc(batch.started_at)
        msgspec.json.decode(batch.settings, type=dict)
        return msgspec.convert(msgspec.structs.asdict(batch), Batch)  # checks the types


def _drained(item: Item) -> int:
    buckets = item.get("drained", set())
    if not isinstance(buckets, set):
        msg = f"drained: {buckets!r} is no set"
        raise TypeError(msg)
    return len(buckets)


def _counted(item: Item) -> Counted:
    numbers = {name: whole(item["counted"].get(name, 0)) for name in COUNTED}
    return msgspec.convert({**numbers, "final": "is_final" in item}, Counted)


def check_owner(batch: Batch, header: BatchHeader, source: str | None, owner: str) -> None:
    """Raise `BatchTakenError` if a batch is not that of `owner`, as which it is registered again.

    Plans of earlier versions have no owner: theirs is a batch of the same source and settings.
    """
    is_own = batch.owner == owner
    if not owner:
        is_own = batch.source in {None, source} and _has_settings(batch, header)
    if not is_own:
        origin = f", from {batch.source}" if batch.source else ""
        msg = (
            f"batch {batch.batch_id!r} exists already{origin} (started {batch.started_at[:19]}Z);"
            " choose another --batch-id"
        )
        raise BatchTakenError(msg)


def _has_settings(batch: Batch, header: BatchHeader) -> bool:
    """Return whether a batch is as `header` says, whatever fields its settings had when written."""
    try:
        settings = msgspec.json.decode(batch.settings, type=BatchSettings)
    except msgspec.DecodeError:  # a newer release's
        return False
    return (batch.trigger, settings) == (header.trigger, header.settings)


def check_not_abandoned(batch: Batch) -> None:
    """Raise `BatchAbandonedError` if a batch was abandoned; the message says what to do."""
    if batch.abandoned_at is None:
        return
    msg = (
        f"batch {batch.batch_id!r} was abandoned at {batch.abandoned_at} by {batch.abandoned_by};"
        " nothing more is sent for it. Push its rows as a new batch: images that were sent are"
        " known, unless the batch has --no-dedup"
    )
    raise BatchAbandonedError(msg)


def check_no_further_rows(batch: Batch, rows_read: int) -> None:
    """Raise `BatchAbandonedError` if more rows than a batch has were read after its end."""
    if rows_read <= batch.rows_read:
        return
    msg = (
        f"batch {batch.batch_id!r} was sent completely at {batch.sent_at} and has ended;"
        " push further rows as a new batch"
    )
    raise BatchAbandonedError(msg)


def check_can_be_abandoned(batch: Batch) -> None:
    """Raise `UserError` that says why if a batch cannot be abandoned, or has been."""
    name = f"batch {batch.batch_id!r}"
    if batch.status == ABANDONED_BATCH:
        msg = f"{name} was abandoned already, at {batch.abandoned_at} by {batch.abandoned_by}"
    elif batch.rejected is not None:
        msg = f"{name} was rejected; there is nothing to abandon"
    elif batch.status == ENDED_BATCH:
        msg = f"{name} has ended; there is nothing to abandon"
    elif batch.abandoned_at is None and (batch.is_drained or batch.status == "flushed"):
        msg = (
            f"{name} was sent completely, and ends by itself when its rows are counted and its"
            " collages are built"
        )
    else:
        return
    raise UserError(msg)
