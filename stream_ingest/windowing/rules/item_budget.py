"""How much room a creator's open windows have: one item, DynamoDB's 400 KB. Pure.

Of the item the dedup memory takes up to 192,000 bytes (`seen`), names and numbers 1 KB, and open
windows with the marks of batches `MAX_BODY_BYTES`, compressed. Rows are weighed by a bound, which
costs nothing; only where the bound says that room may be short is the real size found out. Then the
fold closes windows as ``full``: so no row is refused, and none is held back.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from stream_ingest.windowing.rules.state import COMPRESSION, OpenWindow, RecordedPack, Watermark

if TYPE_CHECKING:
    from stream_ingest.records.rows import (
        CoverRow,  # the collage bundle has this module, but no orjson
    )

MAX_BODY_BYTES = 144_000
"""A window of 400 covers with four of TikTok's signed URLs each, and what may be prefetched of
them, is 128,000."""
MAX_WATERMARKS = 1_000
"""Batches that are remembered of one creator at a time, the newest of the last nine days: with more
a redelivery from an older one is recognised by its images only."""
MAX_PACKS, MAX_MEMBERS = 200, 5_000
"""Packs that a state remembers to have been given, and members of them. Covers are asked for every
15 minutes at most, so these are two days of a creator's packs; a state remembers one."""
PREFETCHED_BYTES = 130
"""What it may take to note where a cover is prefetched (`prefetch.note` happens outside of the
fold)."""
BATCH_BYTES = 1_024
"""What a batch may add besides rows: its settings, its id twice, its mark."""
_WATERMARK_BYTES, _WINDOW_BYTES, _REQUESTED_BYTES, _BYTES_PER_CHARACTER = 90, BATCH_BYTES, 20, 4
_ROW_BYTES, _LONG = 40 + PREFETCHED_BYTES, 500


def other_bytes(marks: int, noted: Mapping[str, RecordedPack]) -> int:
    """Return the most bytes that a number of marks and the noted packs take beside windows."""
    size = _WATERMARK_BYTES * min(marks, MAX_WATERMARKS)
    return size + len(msgspec.msgpack.encode(noted)) if noted else size


def min_free_bytes(open_: Mapping[str, OpenWindow], beside_bytes: int) -> int:
    """Return a lower bound on the free bytes, given the bytes used by everything but windows."""
    room = MAX_BODY_BYTES - beside_bytes
    for window in open_.values():
        if window.bound is None:
            return free_bytes(open_, beside_bytes)
        room -= window.bound + _WINDOW_BYTES + _WATERMARK_BYTES * len(window.ending)
    return room


def free_bytes(open_: Mapping[str, OpenWindow], beside_bytes: int) -> int:
    """Return the bytes that windows leave free; below 0 where none are."""
    images = sum(len(window.images) for window in open_.values())
    room = MAX_BODY_BYTES - beside_bytes - PREFETCHED_BYTES * images - _REQUESTED_BYTES * len(open_)
    raw = msgspec.msgpack.encode(open_)
    if len(raw) <= room:
        return room - len(raw)
    return room - len(zlib.compress(raw, COMPRESSION))


def max_row_bytes(row: CoverRow) -> int:
    """Return bytes that a row cannot pass, whatever its characters are. Quick for usual rows."""
    characters = len(row.url) + len(row.identity)
    if row.fallbacks or characters > _LONG:
        texts = (row.url, row.identity, *row.fallbacks)
        return sum(len(text.encode()) for text in texts) + _ROW_BYTES
    return _BYTES_PER_CHARACTER * characters + _ROW_BYTES


def largest_window(open_: Mapping[str, OpenWindow]) -> str:
    """Return the key of the window that takes most, before compression."""
    return max(open_, key=lambda key: len(msgspec.msgpack.encode(open_[key].images)))


def newest_packs(noted: dict[str, RecordedPack]) -> dict[str, RecordedPack]:
    """Return the packs that were noted last: `MAX_PACKS` at most, of `MAX_MEMBERS` together."""
    kept: dict[str, RecordedPack] = {}
    members = 0
    for pack in sorted(noted, key=lambda pack: noted[pack].recorded_at, reverse=True)[:MAX_PACKS]:
        members += len(noted[pack].members)
        if kept and members > MAX_MEMBERS:
            break
        kept[pack] = noted[pack]
    return kept


def newest_watermarks(marks: dict[str, Watermark]) -> dict[str, Watermark]:
    """Return the `MAX_WATERMARKS` marks that were applied last."""
    if len(marks) <= MAX_WATERMARKS:
        return marks
    by_age = sorted(marks, key=lambda batch: marks[batch].applied_at)
    return {batch: marks[batch] for batch in by_age[-MAX_WATERMARKS:]}
