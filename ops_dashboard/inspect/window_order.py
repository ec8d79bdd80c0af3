"""The order of listings of windows by time, whose entries come from several queries. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import groupby

from ops_dashboard.inspect.cursors import Position
from stream_ingest.aws.items import Item
from stream_ingest.contracts import table

TABLE_KEY = (table.PARTITION_KEY, table.SORT_KEY)
PLACE = (table.CLOSED_AT, *TABLE_KEY)
"""Attributes that place a window in a listing by time; a cursor has these of the last one."""


def place(entry: Item) -> tuple[str, ...]:
    """Return the place of an entry in a listing by time."""
    return tuple(str(entry[name]) for name in PLACE)


def older(entries: Iterable[Item], after: Position | None) -> Iterator[Item]:
    """Yield the entries that come after a position."""
    last = None if after is None else place(after)
    return (entry for entry in entries if last is None or place(entry) < last)


def merged(listings: Iterable[Iterator[Item]]) -> Iterator[Item]:
    """Yield the entries of listings that are sorted by time, newest first, and each once."""

    def second(entry: Item) -> str:
        return str(entry[table.CLOSED_AT])

    by_time = heapq.merge(*listings, key=second, reverse=True)
    for _, found in groupby(by_time, key=second):
        entries = {place(entry): entry for entry in found}
        yield from (entries[at] for at in sorted(entries, reverse=True))
