"""What `MySqlSource` is, on a table in memory: pages, cursors and snapshots.

Each query sees the table as it is then, so rows may change between two pages of a push. A contract
test compares it with the real source on MariaDB (`tests/stream_ingest/sources`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime

from stream_ingest.sources.source import Cursor, Page, Selection, Snapshot
from tests.fakes.ingest.memory_table import Row, Table

_LATE = "late"


def _ignore(_: str) -> None:
    """Do nothing at a query."""


class MemorySource:
    """Reads the rows of a table that are in a selection, in small keyset pages.

    `query` is called with the name of each query, and before each further page of its answer; what
    it raises ends the read.
    """

    def __init__(  # noqa: PLR0913 - what a real source reads from its table and its settings
        self,
        table: Table,
        selection: Selection,
        *,
        by_time: bool = True,
        page_rows: int = 2,
        pages_per_query: int = 2,
        query: Callable[[str], None] = _ignore,
    ) -> None:
        self._table, self._selection, self._by_time = table, selection, by_time
        self._page_rows, self._pages_per_query = page_rows, pages_per_query
        self._query = query

    async def check(self) -> None:
        """Find nothing wrong but with the connection."""
        self._query("check")

    async def snapshot(self, *moments: datetime) -> Snapshot:
        """Return the greatest key, then the time, then the keys before the moments."""
        table = self._table
        self._query("greatest_key")
        greatest = table.greatest_key()
        self._query("now")
        now = table.clock
        if not table.has_key:
            return Snapshot(now=now, key=None)
        before = []
        for moment in moments:
            self._query("key_before")
            before.append(table.key_before(moment, greatest))
        return Snapshot(now=now, key=greatest, keys_before=tuple(before))

    async def pages(self, after: Cursor | None = None) -> AsyncGenerator[Page]:
        """Yield the rows of the range, and then the late ones if they are not among them."""
        has_late = self._reads_late_rows_last()
        is_late = has_late and after is not None and after[0] == _LATE
        if not is_late:
            async for page in self._keyset(self._is_in_range, self._order, after):
                yield page
        if has_late:
            last = after[1:] if after and is_late else None
            async for page in self._keyset(self._is_late, self._key, last):
                yield Page(rows=page.rows, cursor=(_LATE, *page.cursor), again=page.again)

    async def _keyset(
        self,
        is_chosen: Callable[[Row], bool],
        order: Callable[[Row], Cursor],
        last: Cursor | None,
    ) -> AsyncGenerator[Page]:
        limit = self._page_rows * self._pages_per_query
        while True:
            self._query("select")
            rows = sorted(filter(is_chosen, self._table.visible()), key=order)
            left = [row for row in rows if last is None or order(row) > last][:limit]
            found = [((row.creator, row.cover, _naive(row.created_at)), row) for row in left]
            again = {row: self._was_read(row) for row in left}
            places = {row: order(row) for row in left}
            for start in range(0, len(found), self._page_rows):
                if start:
                    self._query("fetch")
                part = found[start : start + self._page_rows]
                await asyncio.sleep(0)
                last = places[part[-1][1]]
                known = frozenset(index for index, (_, row) in enumerate(part) if again[row])
                yield Page(rows=[values for values, _ in part], cursor=last, again=known)
            if len(left) < limit:
                return

    def _reads_late_rows_last(self) -> bool:
        chosen = self._selection
        is_ranged = chosen.within.since is not None and chosen.late_after is not None
        return is_ranged and self._table.has_key and self._by_time and not chosen.by_key

    def _is_in_range(self, row: Row) -> bool:
        if not self._table.is_chosen(row, self._selection):
            return False
        return not (self._reads_late_rows_last() and self._is_late(row))

    def _is_late(self, row: Row) -> bool:
        chosen = self._selection
        since, late = chosen.within.since, chosen.late_after
        if chosen.creators and row.creator not in chosen.creators:
            return False
        return since is not None and late is not None and row.created_at < since and row.key > late

    def _was_read(self, row: Row) -> bool:
        before, key = self._selection.read_before, self._selection.read_key
        if before is None or row.created_at >= before:
            return False
        return not self._table.has_key or key is None or row.key <= key

    def _order(self, row: Row) -> Cursor:
        if not self._by_time or (self._selection.by_key and self._table.has_key):
            return self._key(row)
        return (_naive(row.created_at).isoformat(sep=" "), *self._key(row))

    def _key(self, row: Row) -> Cursor:
        return (row.key if self._table.has_key else row.unordered_key,)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
