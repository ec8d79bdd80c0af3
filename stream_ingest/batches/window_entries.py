"""A window's entry in an index, which may be of an item that cannot be read. Pure."""

from __future__ import annotations

from stream_ingest.aws.items import Item, decoding, whole
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UnreadableItemError

_WINDOW_NUMBERS = (
    *("image_count", "images_ok", "images_failed"),
    *("duration_ms", "bytes_downloaded", "collage_bytes"),
)


def readable_window(item: Item) -> Item:
    """Return a window's entry in an index; if it cannot be read, its key and that it cannot be.

    So one wrong item costs the others nothing, and its batch can end.
    """
    try:
        with decoding(item):
            table.WindowStatus(item["status"])
            for name in _WINDOW_NUMBERS:
                whole(item.get(name, 0))
            table.window_number(str(item[table.SORT_KEY]))
            for count in item.get("failures", {}).values():
                whole(count)
    except UnreadableItemError as error:
        return {
            table.PARTITION_KEY: error.partition,
            table.SORT_KEY: error.sort,
            "creator": error.partition,
            "status": table.UNREADABLE,
            "image_count": 0,
            "error": error.reason,
        }
    return item
