"""The items of a window, as they are first stored, and what bars an image list. Pure.

What a release writes, later ones read for ever.
"""

from __future__ import annotations

from stream_ingest.aws.items import Item
from stream_ingest.contracts import table, window_lifecycle
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.naming import split_window_id
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.contracts.timestamps import from_epoch_s, iso_second
from stream_ingest.windowing.rules.outbox import compress_event

WINDOW_LIFE_S = 400 * DAY_S
BAR_LIFE_S = DAY_S
"""How long no image list can be stored in place of one that was erased. Longer than any writer
lives that has read the state from before the erasure: a function runs for 15 minutes at most."""


def status_item(event: WindowReady, now_s: int) -> Item:
    """Return the status item of a window that closes at `now_s`."""
    key, number = split_window_id(event.window_id)
    return {
        table.PARTITION_KEY: key,
        table.SORT_KEY: table.window_item(number),
        "window_id": event.window_id,
        "creator": event.creator,
        "display_name": event.display_name or None,
        "batch_id": event.batch_id,
        "trigger": event.trigger,
        **window_lifecycle.create(key, now_s),
        table.CLOSED_AT: iso_second(from_epoch_s(now_s)),
        "closed_because": event.closed_because,
        "image_count": event.image_count,
        table.TTL_ATTRIBUTE: now_s + WINDOW_LIFE_S,
    }


def list_item(event: WindowReady, now_s: int) -> Item:
    """Return the image list of a window that closes at `now_s`."""
    key, number = split_window_id(event.window_id)
    return {
        table.PARTITION_KEY: key,
        table.SORT_KEY: table.images_item(number),
        "detail": compress_event(event),
        table.TTL_ATTRIBUTE: now_s + WINDOW_LIFE_S,
    }


def barred_list(key: str, number: int, now_s: int) -> Item:
    """Return what stands in place of an image list so that a late writer cannot store one."""
    return {
        table.PARTITION_KEY: key,
        table.SORT_KEY: table.images_item(number),
        table.BARRED: True,
        table.TTL_ATTRIBUTE: now_s + BAR_LIFE_S,
    }


def may_come_back(images: Item, now_s: int) -> bool:
    """Return whether a writer may live that read the state from before a window closed.

    `images` is its image list, as stored.
    """
    closed_at_s = int(images.get(table.TTL_ATTRIBUTE, now_s + WINDOW_LIFE_S)) - WINDOW_LIFE_S
    return closed_at_s > now_s - BAR_LIFE_S
