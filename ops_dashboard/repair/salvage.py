"""What of an unreadable creator's state can still be read. Pure.

Each part is read by itself; what cannot be read is replaced by what the creator's windows say, or
by nothing, and named in a sentence.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import msgspec

from stream_ingest.aws.items import Item, whole
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.identity import fingerprint
from stream_ingest.contracts.naming import creator_name
from stream_ingest.contracts.settings import BatchSettings
from stream_ingest.contracts.timestamps import iso_date
from stream_ingest.windowing.rules.state import (
    CreatorState,
    OpenImage,
    OpenWindow,
    RecordedPack,
    Tally,
    Watermark,
    decode_body,
)

T = TypeVar("T")
_ERRORS = (
    ArithmeticError,
    AttributeError,
    DecodeError,
    LookupError,
    TypeError,
    ValueError,
    msgspec.MsgspecError,
    zlib.error,
)
_IMAGE_FIELDS = len(OpenImage.__struct_fields__)
_IMAGES, _IDLE, _ENDING = 4, 5, 6
"""Places of these fields in the array of an open window."""

_Body = tuple[dict[str, OpenWindow], dict[str, Watermark], dict[str, RecordedPack]]


class Salvaged(msgspec.Struct, frozen=True, kw_only=True):
    """A state that can be written, and what is not known of the one that it replaces."""

    state: CreatorState
    unknown: list[str]


def salvage_state(
    item: Item, events: Sequence[WindowReady], highest_window: int, now_s: int
) -> Salvaged:
    """Return the state that replaces an unreadable one.

    `events` are those of the creator's windows, `highest_window` the highest number of any.
    """
    unknown: list[str] = []
    windows, watermarks, packs = _body(item, unknown)
    seen = _try(lambda: {month: bytes(page) for month, page in item["seen"].items()})
    if seen is None:
        seen = _seen_of(events, windows, now_s)
        unknown.append(
            "which images it had is taken from its windows: one whose window has expired may be"
            " accepted again"
        )
    names = ("accepted", "duplicates", "windows", "blocked")
    tally = _try(lambda: Tally(*(whole(item.get(name, 0)) for name in names)))
    batch_id = item.get("batch_id", "")
    if tally is None or not isinstance(batch_id, str):
        tally, batch_id = Tally(), _latest_batch(batch_id, windows)
        unknown.append("what it counted for its latest batch, whose figures lack these rows")
    erased_at = _number(item, "erased_at")
    if erased_at is None and "erased_at" in item:
        unknown.append("when it was erased: erase it again")
    name = item.get("display_name", "")
    state = CreatorState(
        creator=creator_name(item[table.PARTITION_KEY]),
        display_name=name if isinstance(name, str) else "",
        version=_number(item, "version") or now_s,
        next_window=max(_number(item, "next_window") or 1, highest_window + 1),
        open=windows,
        seen=seen,
        watermarks=watermarks,
        batch_id=batch_id,
        tally=tally,
        recorded=packs,
        erased_at=erased_at,
        is_blocked=bool(item.get("is_blocked")),
        expires_at=_number(item, table.TTL_ATTRIBUTE) if erased_at is not None else None,
        deferred_at=now_s,
    )
    return Salvaged(state=state, unknown=unknown)


def _latest_batch(batch_id: object, open_: dict[str, OpenWindow]) -> str:
    """Return the batch that the state belongs to.

    At its end the batch finds its open windows by this id.
    """
    if isinstance(batch_id, str):
        return batch_id
    latest = max(open_.values(), key=lambda window: window.touched_at, default=None)
    return latest.batch_id if latest else ""


def _body(item: Item, unknown: list[str]) -> _Body:
    """Return open windows, watermarks and packs, as far as they can be read."""
    body = _try(lambda: decode_body(bytes(item["body"])))
    if body is not None:
        return body
    unknown.append(
        "which rows of its batches it had: a row that its producer sends again is recognised by its"
        " image alone, and doubled in a batch without deduplication"
    )
    raw: Any = _try(lambda: msgspec.msgpack.decode(zlib.decompress(bytes(item["body"]))))
    entries = _try(lambda: dict(raw[1])) or {}
    open_: dict[str, OpenWindow] = {}
    for key, entry in entries.items():
        window = _try(partial(_window, entry, unknown))
        if window is not None:
            same = window.settings.window_key
            open_[same if same not in open_ else str(key)] = window
    images = sum(len(window.images) for window in open_.values())
    before = _number(item, "open_images")
    if before is None or images < before:
        count = "images" if before is None else f"{before - images:,} of {before:,} images"
        unknown.append(f"{count} that waited in its open windows: they are in the copy if anywhere")
    return open_, {}, {}


def _window(entry: Sequence[Any], unknown: list[str]) -> OpenWindow:
    """Return an open window of which each part is kept that this release understands."""
    settings, dropped = _settings(entry[0])
    if dropped:
        unknown.append(f"settings of an open window: {', '.join(dropped)}")
    images = (_try(partial(_image, each)) for each in entry[_IMAGES])
    idle_s = entry[_IDLE] if len(entry) > _IDLE and isinstance(entry[_IDLE], int) else None
    ending = entry[_ENDING] if len(entry) > _ENDING else ()
    return OpenWindow(
        settings=settings,
        batch_id=str(entry[1]),
        trigger=str(entry[2]),
        touched_at=whole(entry[3]),
        images=tuple(image for image in images if image is not None),
        idle_s=idle_s or settings.flush.idle_s,
        ending=tuple(each for each in ending if isinstance(each, str)),
    )


def _image(raw: Sequence[Any]) -> OpenImage:
    return msgspec.convert(list(raw)[:_IMAGE_FIELDS], OpenImage)


def _settings(raw: dict[str, Any]) -> tuple[BatchSettings, list[str]]:
    """Return the settings that this release knows, and the names of the others."""
    kept: dict[str, Any] = {}
    dropped = []
    for name, value in raw.items():
        if _try(partial(msgspec.convert, {name: value}, BatchSettings)):
            kept[name] = value
        else:
            dropped.append(name)
    settings = _try(lambda: msgspec.convert(kept, BatchSettings))
    return (settings, dropped) if settings is not None else (BatchSettings(), list(raw))


def _seen_of(
    events: Sequence[WindowReady], open_: dict[str, OpenWindow], now_s: int
) -> dict[str, bytes]:
    """Return the dedup memory that windows imply, by the month in which they closed."""
    pages: dict[str, list[bytes]] = {}
    for event in events:
        page = pages.setdefault(f"{event.closed_at:%Y-%m}", [])
        page += [fingerprint(image.identity) for image in event.images]
    month = iso_date(now_s)[:7]
    for window in open_.values():
        pages.setdefault(month, []).extend(fingerprint(image.known_as) for image in window.images)
    return {month: b"".join(dict.fromkeys(page)) for month, page in sorted(pages.items()) if page}


def _number(item: Item, name: str) -> int | None:
    return _try(lambda: whole(item[name]))


def _try(read: Callable[[], T]) -> T | None:
    """Return what `read` returns; None if that part of the item cannot be read."""
    try:
        return read()
    except _ERRORS:
        return None
