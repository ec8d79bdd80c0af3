"""The stored event of a closed window, from which it can be emitted repeatedly. Pure.

The `WindowReady` detail is stored, compressed, under ``images#N`` before the window is.
Every emission reads only this item, so all emissions of a window are identical.
"""

from __future__ import annotations

import zlib

import msgspec

from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.events import WindowReady, decode_detail, encode_detail
from stream_ingest.contracts.naming import creator_key, window_id
from stream_ingest.contracts.timestamps import from_epoch_s
from stream_ingest.windowing.rules.state import ClosedWindow, CreatorState

_LEVEL = 6


def window_ready(
    state: CreatorState, window: ClosedWindow, now_s: int, key_template: str | None = None
) -> WindowReady:
    """Return the event of a window that was closed at `now_s`; `key_template` is the stack's."""
    return WindowReady(
        window_id=window_id(creator_key(state.creator), window.number),
        creator=state.creator,
        display_name=state.display_name or msgspec.UNSET,
        batch_id=window.batch_id,
        trigger=window.trigger,
        closed_at=from_epoch_s(now_s),
        closed_because=window.because,
        layout=window.settings.layout,
        image_count=len(window.images),
        images=window.images,
        debug=window.settings.debug,
        prefix=window.settings.prefix,
        downloads=window.settings.downloads or msgspec.UNSET,
        dedup=msgspec.UNSET if window.settings.dedup else False,
        key_template=key_template,
    )


def compress_event(event: WindowReady) -> bytes:
    """Return an event's detail, compressed for the table."""
    return zlib.compress(encode_detail(event).encode(), _LEVEL)


def expand_event(data: bytes) -> WindowReady:
    """Return the event that `compress_event` encoded; raises `DecodeError` for other bytes."""
    try:
        raw = zlib.decompress(data)
    except zlib.error as error:
        msg = f"images item: {error}"
        raise DecodeError(msg) from error
    return decode_detail(raw, WindowReady)
