"""An item that is put together anew from what can be read of an unreadable one. Pure."""

from __future__ import annotations

from collections.abc import Callable

from stream_ingest.aws.items import Item
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UnreadableItemError

Check = Callable[[Item], object]
"""Reads an item; raises `UnreadableItemError`."""


def overlay(base: Item, found: Item, check: Check) -> tuple[Item, list[str]]:
    """Return `base` with the attributes of `found` with which it can be read; the others' names.

    `base` can be read itself.
    """
    item, dropped = dict(base), []
    for name, value in sorted(found.items()):
        if name in {table.PARTITION_KEY, table.SORT_KEY}:
            continue
        try:
            check({**item, name: value})
        except UnreadableItemError:
            dropped.append(name)
        else:
            item[name] = value
    return item, dropped
