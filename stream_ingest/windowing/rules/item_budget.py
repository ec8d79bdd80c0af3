"""The item budget: bytes that a creator's open windows may occupy in its item. Pure.

A DynamoDB item has at most 400 KB. The dedup memory (`seen`) takes up to 192,000 bytes of it, names
and numbers 1 KB, and open windows with watermarks up to `MAX_BODY_BYTES`, compressed. The fold adds
up a cheap upper bound per row and measures the real size only if that bound exceeds the budget. If
the real size exceeds it too, the fold closes windows as ``full``; no row is refused or delayed.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from stream_ingest.contracts.watermarks import MAX_WATERMARKS
from stream_ingest.windowing.rules.state import COMPRESSION, OpenWindow, RecordedPack, Watermark

if TYPE_CHECKING:
    from stream_ingest.records.rows import (
        CoverRow,  # the collage bundle has this module, but no orjson
    )

MAX_BODY_BYTES = 144_000
"""A window of 400 covers with four of TikTok's signed URLs each, and what may be prefetched of
them, is 128,000."""
MAX_PACKS, MAX_MEMBERS = 200, 5_000
"""Maximum number of recorded packs, and of their members. Covers are requested every 15 minutes at
most, so these are two days of a creator's packs; a state records one day."""
PREFETCHED_BYTES = 130
"""Maximum size of a prefetched cover's location (recorded by `prefetch.record_fetched`, outside of
the fold)."""
BATCH_BYTES = 1_024
"""Maximum size of a batch besides its rows: its settings, its id twice, its watermark."""
_WATERMARK_BYTES, _WINDOW_BYTES, _REQUESTED_BYTES, _BYTES_PER_CHARACTER = 90, BATCH_BYTES, 20, 4
_ROW_BYTES, _LONG = 40 + PREFETCHED_BYTES, 500


def other_bytes(watermarks: int, packs: Mapping[str, RecordedPack]) -> int:
    """Return an upper bound on the bytes of everything but windows: watermarks and packs."""
    size = _WATERMARK_BYTES * min(watermarks, MAX_WATERMARKS)
    return size + len(msgspec.msgpack.encode(packs)) if packs else size


def min_free_bytes(open_: Mapping[str, OpenWindow], used_bytes: int) -> int:
    """Return a lower bound on the free bytes, given the bytes used by everything but windows."""
    budget = MAX_BODY_BYTES - used_bytes
    for window in open_.values():
        if window.bound is None:
            return free_bytes(open_, used_bytes)
        budget -= window.bound + _WINDOW_BYTES + _WATERMARK_BYTES * len(window.ending)
    return budget


def free_bytes(open_: Mapping[str, OpenWindow], used_bytes: int) -> int:
    """Return the free bytes, negative if the windows exceed the budget. Slow: may compress them."""
    images = sum(len(window.images) for window in open_.values())
    budget = MAX_BODY_BYTES - used_bytes - PREFETCHED_BYTES * images - _REQUESTED_BYTES * len(open_)
    raw = msgspec.msgpack.encode(open_)
    if len(raw) <= budget:
        return budget - len(raw)
    return budget - len(zlib.compress(raw, COMPRESSION))


def max_row_bytes(row: CoverRow) -> int:
    """Return an upper bound on the bytes of a row, whatever its characters. Fast for usual rows."""
    characters = len(row.url) + len(row.identity)
    if row.fallbacks or characters > _LONG:
        texts = (row.url, row.identity, *row.fallbacks)
        return sum(len(text.encode()) for text in texts) + _ROW_BYTES
    return _BYTES_PER_CHARACTER * characters + _ROW_BYTES


def largest_window(open_: Mapping[str, OpenWindow]) -> str:
    """Return the key of the window with the most bytes, before compression."""
    return max(open_, key=lambda key: len(msgspec.msgpack.encode(open_[key].images)))


def newest_packs(packs: dict[str, RecordedPack]) -> dict[str, RecordedPack]:
    """Return the latest packs: at most `MAX_PACKS`, with at most `MAX_MEMBERS` in all."""
    newest: dict[str, RecordedPack] = {}
    members = 0
    for pack in sorted(packs, key=lambda pack: packs[pack].recorded_at, reverse=True)[:MAX_PACKS]:
        members += len(packs[pack].members)
        if newest and members > MAX_MEMBERS:
            break
        newest[pack] = packs[pack]
    return newest


def newest_watermarks(watermarks: dict[str, Watermark]) -> dict[str, Watermark]:
    """Return the `MAX_WATERMARKS` watermarks that were applied last."""
    if len(watermarks) <= MAX_WATERMARKS:
        return watermarks
    by_age = sorted(watermarks, key=lambda batch: watermarks[batch].applied_at)
    return {batch: watermarks[batch] for batch in by_age[-MAX_WATERMARKS:]}
