"""What is wrong with an item of the table, by the code that reads it. Pure."""

from __future__ import annotations

from collections.abc import Callable

from stream_ingest.aws.items import Item, decoding, whole
from stream_ingest.batches.batch_item import read_batch
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import DecodeError, UnreadableItemError
from stream_ingest.contracts.naming import window_id
from stream_ingest.windowing.rules.outbox import expand_event
from stream_ingest.windowing.rules.overdue import read_overdue
from stream_ingest.windowing.state_item import read_state
from stream_ingest.windowing.unreadable.deferred_record import decode_rows


def problem_of(item: Item) -> str | None:
    """Return why an item cannot be read; None if it can, or is of a kind that is not checked."""
    kind = str(item[table.SORT_KEY]).partition("#")[0]
    reader = _READERS.get(kind)
    try:
        if reader is not None:
            with decoding(item):
                reader(item)
    except UnreadableItemError as error:
        return error.reason
    return None


def creator_of(partition: str, sort: str) -> str | None:
    """Return the key of the creator whose rows wait for an item; None if none can."""
    kind, _, rest = sort.partition("#")
    if kind == table.STATE:
        return partition
    if kind == table.DEFERRED:
        return partition.partition("#")[2]
    return rest if kind == "tally" else None


def _read_event(item: Item) -> None:
    event = expand_event(bytes(item["detail"]))
    own = window_id(item[table.PARTITION_KEY], table.window_number(item[table.SORT_KEY]))
    if event.window_id != own:
        msg = f"the event of {event.window_id}"
        raise DecodeError(msg)


def _read_tally(item: Item) -> None:
    for name in table.TALLY_ATTRIBUTES:
        whole(item.get(name, 0))


_READERS: dict[str, Callable[[Item], object]] = {
    table.STATE: read_state,
    "window": read_overdue,
    "images": _read_event,
    "tally": _read_tally,
    table.BATCH: read_batch,
    table.DEFERRED: lambda item: decode_rows(bytes(item["data"])),
}
