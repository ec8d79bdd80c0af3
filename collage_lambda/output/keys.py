"""Keys of a window's objects. Pure.

Keys follow from the event alone, so building a window twice writes the same objects. The date is
the UTC day on which the window closed; creator and trigger are escaped, so that no name can leave
its folder.
"""

from __future__ import annotations

from datetime import UTC

import msgspec

from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.naming import creator_key, split_window_id
from stream_ingest.contracts.timestamps import iso_second


class WindowKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Keys of one window's objects; `originals` and `failures` are in the temp bucket."""

    collage: str
    by_creator: str
    thumbnail: str
    metadata: str
    originals: str
    failures: str
    """Folder of the documents of failed downloads, for a batch in debug mode."""


def keys_of(event: WindowReady) -> WindowKeys:
    """Return the keys of a window's objects."""
    key, number = split_window_id(event.window_id)
    stem = f"{key}_collage_{number:06d}"
    prefix = f"{event.prefix}/" if event.prefix else ""
    day = f"{event.closed_at.astimezone(UTC):%Y/%m/%d}"
    folder = f"{prefix}{day}/{creator_key(event.trigger)}"
    return WindowKeys(
        collage=f"collages/{folder}/{stem}.jpg",
        by_creator=f"collages/by-creator/{key}/{stem}.jpg",
        thumbnail=f"thumbnails/{folder}/{stem}.jpg",
        metadata=f"metadata/{folder}/{stem}.json",
        originals=f"originals/{key}/{number:06d}.zip",
        failures=f"debug/failed-downloads/{day}/{key}/{number:06d}",
    )


def processing_date(event: WindowReady) -> str:
    """Return when a window closed, in UTC: ``2026-11-28T10:11:12Z``."""
    return iso_second(event.closed_at)
