"""Keys of a window's objects. Pure.

Keys follow from the event alone, so building a window twice writes the same objects. Date and time
are those at which the window closed, in UTC; creator, batch and trigger are escaped, so that no
name can leave its folder.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from collage_lambda.output.key_template import expand
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.naming import creator_key, split_window_id
from stream_ingest.contracts.object_keys import BY_CREATOR
from stream_ingest.contracts.timestamps import iso_second

_EARLIER_TEMPLATE = "{date}/{trigger}/{creator}_collage_{window}"
"""Form of the keys of events without `key_template`."""


class WindowKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Keys of one window's objects; `originals` and `failures` are in the temp bucket."""

    collage: str
    by_creator: str
    thumbnail: str
    metadata: str
    originals: str
    failures: str
    """Folder of the documents of failed downloads, for a batch in debug mode."""
    closed_at: datetime
    """When the window closed (UTC), by which its objects are told from those of another window."""


def keys_of(event: WindowReady) -> WindowKeys:
    """Return the keys of a window's objects."""
    key, number = split_window_id(event.window_id)
    day = f"{event.closed_at.astimezone(UTC):%Y/%m/%d}"
    collage = _object("collages", event, "collage")
    return WindowKeys(
        collage=f"{collage}.jpg",
        by_creator=f"collages/{BY_CREATOR}/{key}/{collage.rpartition('/')[2]}.jpg",
        thumbnail=f"{_object('thumbnails', event, 'thumb')}.jpg",
        metadata=f"{_object('metadata', event, 'metadata')}.json",
        originals=f"originals/{key}/{number:06d}.zip",
        failures=f"debug/failed-downloads/{day}/{key}/{number:06d}",
        closed_at=event.closed_at.astimezone(UTC),
    )


def _object(tree: str, event: WindowReady, kind: str) -> str:
    """Return the key of one of a window's objects, without its suffix."""
    key, number = split_window_id(event.window_id)
    closed_at = event.closed_at.astimezone(UTC)
    values = {
        "batch": creator_key(event.batch_id),
        "closed": f"{closed_at:%Y%m%d_%H%M%S}",
        "creator": key,
        "date": f"{closed_at:%Y/%m/%d}",
        "kind": kind,
        "trigger": creator_key(event.trigger),
        "window": f"{number:06d}",
    }
    prefix = f"{event.prefix}/" if event.prefix else ""
    return f"{tree}/{prefix}{expand(event.key_template or _EARLIER_TEMPLATE, values)}"


def processing_date(event: WindowReady) -> str:
    """Return when a window closed, in UTC: ``2026-11-28T10:11:12Z``."""
    return iso_second(event.closed_at)
