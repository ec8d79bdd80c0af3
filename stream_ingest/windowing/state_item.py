"""The item of a creator's state, as it is stored. Pure.

What a release writes, later ones read for ever (`rules.state` has the versions of its body).
"""

from __future__ import annotations

from decimal import Decimal

from stream_ingest.aws.items import Item, decoding, whole
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.naming import creator_key
from stream_ingest.windowing.rules.state import CreatorState, Tally, decode_body, encode_body

MAX_WINDOW = 999_999_999_999
"""Highest number of a window: an id has twelve digits at most."""


def state_item(state: CreatorState, version: int, due: int | None) -> Item:
    """Return the item of a state that is written as `version` and is next due at `due`."""
    return {
        **state.others,
        table.PARTITION_KEY: creator_key(state.creator),
        table.SORT_KEY: table.STATE,
        "creator": state.creator,
        "display_name": state.display_name or None,
        "version": version,
        "next_window": state.next_window,
        "batch_id": state.batch_id or None,
        "accepted": state.tally.accepted,
        "duplicates": state.tally.duplicates,
        "windows": state.tally.windows,
        "blocked": state.tally.blocked or None,
        "open_images": state.open_images,
        "body": encode_body(state),
        "seen": dict(state.seen),
        "due_at": due,
        "due_shard": None if due is None else table.due_shard(creator_key(state.creator)),
        "erased_at": state.erased_at,
        "is_blocked": state.is_blocked or None,
        "deferred_at": state.deferred_at,
        table.TTL_ATTRIBUTE: state.expires_at,
    }


_ATTRIBUTES = frozenset(state_item(CreatorState(creator="-"), 1, None))


def read_state(item: Item, first_window: int = 1) -> CreatorState:
    """Return the state of an item; its next window is at least `first_window`.

    Raises `UnreadableItemError` if any part of it is wrong.
    """
    with decoding(item):
        windows, watermarks, packs = decode_body(bytes(item["body"]))
        return CreatorState(
            creator=_creator(item),
            display_name=_text(item.get("display_name", "")),
            version=whole(item["version"], 1),
            next_window=max(first_window, whole(item["next_window"], 1, MAX_WINDOW)),
            open=windows,
            seen={month: bytes(page) for month, page in item["seen"].items()},
            watermarks=watermarks,
            batch_id=_text(item.get("batch_id", "")),
            tally=Tally(
                accepted=whole(item["accepted"]),
                duplicates=whole(item["duplicates"]),
                windows=whole(item["windows"]),
                blocked=whole(item.get("blocked", 0)),
            ),
            recorded=packs,
            erased_at=_int(item.get("erased_at")),
            is_blocked=bool(item.get("is_blocked")),
            deferred_at=_int(item.get("deferred_at")),
            expires_at=_int(item.get(table.TTL_ATTRIBUTE)),
            others={name: value for name, value in item.items() if name not in _ATTRIBUTES},
        )


def _creator(item: Item) -> str:
    """Return the creator's name; another creator's would write that creator's items."""
    name = _text(item["creator"])
    if creator_key(name) != item[table.PARTITION_KEY]:
        msg = f"creator {name!r} has another key"
        raise DecodeError(msg)
    return name


def _text(value: object) -> str:
    if not isinstance(value, str):
        msg = f"{value!r} is not text"
        raise TypeError(msg)
    return value


def _int(value: Decimal | None) -> int | None:
    return None if value is None else whole(value)
