"""Reads rows from MySQL or MariaDB in keyset pages. Edge (network).

Pages follow a key (``WHERE key > last ORDER BY key LIMIT n``), so memory is constant for any table
and a page costs no more than its rows. The order is (created_at, primary key) if created_at is
indexed and never NULL, otherwise the primary key; a table without a primary key is read through one
unbuffered cursor.

Rows that were inserted late, with an old created_at, are found by an increasing primary key: after
the rows of the range, or among them if the order is that key.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from asyncmy.cursors import SSCursor

from stream_ingest.sources.creator_filter import CreatorFilter
from stream_ingest.sources.mysql.address import MySqlAddress
from stream_ingest.sources.mysql.connection import connect, fetch, quote
from stream_ingest.sources.mysql.plan import Planner, ReadPlan
from stream_ingest.sources.source import Columns, Cursor, Page, Selection, Snapshot

PAGE_ROWS = 1_000
_PAGES_PER_QUERY = 5
"""Pages read by one query, to save round trips."""
_LATE = "late"
"""First element of a cursor among the late rows, which are read after the range."""

_Where = tuple[list[str], list[object]]
"""Conditions, and the values of their parameters."""


class MySqlSource:
    """One table, read in keyset pages."""

    def __init__(
        self,
        address: MySqlAddress,
        table: str,
        columns: Columns,
        *,
        selection: Selection,
        page_rows: int = PAGE_ROWS,
    ) -> None:
        """Read the rows of `table` that are in the selection."""
        self._address, self._table, self._columns = address, table, columns
        self._selection, self._page_rows = selection, page_rows
        self._creators = CreatorFilter(selection.creators, selection.creator_case)

    async def check(self) -> None:
        """Raise `UserError` if the database, table or a column is missing or not readable."""
        async with connect(self._address) as connection:
            await Planner(connection, self._address, self._table).plan(self._columns)

    async def snapshot(self, *moments: datetime) -> Snapshot:
        """Return the database's time and the table's greatest key; raises as `check`.

        With `moments`, also the greatest key below those of all rows created since each of them.
        """
        async with connect(self._address) as connection:
            plan = await Planner(connection, self._address, self._table).plan(self._columns)
            greatest = await self._key(connection, plan, "MAX", None)
            # The time is read after the key: no key that is used after it is smaller.
            ((now,),) = await fetch(connection, "SELECT UTC_TIMESTAMP()", [])
            firsts = [await self._key(connection, plan, "MIN", moment) for moment in moments]
        moment = now.replace(microsecond=0, tzinfo=UTC)
        if plan.increasing is None:
            return Snapshot(now=moment, key=None)
        key = greatest or 0
        before = tuple(key if first is None else first - 1 for first in firsts)
        return Snapshot(now=moment, key=key, keys_before=before)

    async def pages(self, after: Cursor | None = None) -> AsyncGenerator[Page]:
        """Yield pages of rows; raises `UserError` as `check` does.

        The cursor is the last row's key, or the number of rows read if the table has no key.
        """
        async with connect(self._address) as connection:
            plan = await Planner(connection, self._address, self._table).plan(self._columns)
            if not plan.key:
                async for page in self._unbuffered(connection, after):
                    yield page
                return
            late = self._late(plan)
            is_late = late is not None and after is not None and after[0] == _LATE
            if not is_late:
                where, key = self._where(plan), plan.key
                if self._selection.by_key and plan.increasing:
                    key = (plan.increasing,)
                async for page in self._keyset(connection, plan, key, where, after):
                    yield page
            if late is not None:
                last = after[1:] if after and is_late else None
                async for page in self._keyset(connection, plan, plan.key[1:], late, last):
                    yield msgspec.structs.replace(page, cursor=(_LATE, *page.cursor))

    async def _keyset(
        self,
        connection: Any,  # noqa: ANN401 - asyncmy is a compiled module without types
        plan: ReadPlan,
        key: tuple[str, ...],
        chosen: _Where,
        last: Cursor | None,
    ) -> AsyncIterator[Page]:
        names = [*dict.fromkeys((*self._columns.names(), *plan.key))]
        selected, order = ", ".join(map(quote, names)), ", ".join(map(quote, key))
        places = [names.index(name) for name in key]
        counter = names.index(plan.increasing) if plan.increasing else None
        limit = self._page_rows * _PAGES_PER_QUERY
        while True:
            where, values = chosen
            if last is not None:
                condition, more = condition_after(key, last)
                where, values = [*where, condition], [*values, *more]
            found = 0
            async with connection.cursor(cursor=SSCursor) as cursor:
                await cursor.execute(
                    f"SELECT {selected} FROM {quote(self._table)}{_and(where)}"  # noqa: S608 - identifiers are quoted, values are parameters
                    f" ORDER BY {order} LIMIT {limit}",
                    values,
                )
                while rows := await cursor.fetchmany(self._page_rows):
                    found += len(rows)
                    last = tuple(_to_portable(rows[-1][place]) for place in places)
                    yield self._page(rows, last, counter)
            if found < limit:
                return

    async def _unbuffered(
        self,
        connection: Any,  # noqa: ANN401 - as above
        after: Cursor | None,
    ) -> AsyncIterator[Page]:
        skip, count = int(after[0]) if after else 0, 0
        where, values = self._where(None)
        selected = ", ".join(map(quote, self._columns.names()))
        async with connection.cursor(cursor=SSCursor) as cursor:
            await cursor.execute(
                f"SELECT {selected} FROM {quote(self._table)}{_and(where)}",  # noqa: S608 - as above
                values,
            )
            while rows := await cursor.fetchmany(self._page_rows):
                new = list(rows)[max(skip - count, 0) :]
                count += len(rows)
                if new:
                    yield self._page(new, (count,), None)

    def _page(self, rows: Sequence[Any], cursor: Cursor, counter: int | None) -> Page:
        """Return a page; `counter` is the place of the increasing key in a row."""
        known = self._selection
        rows = [row for row in rows if self._creators.matches(row[0])]
        again = frozenset(
            index
            for index, row in enumerate(rows if known.read_before else ())
            if _is_before(row[2], known.read_before)
            and (counter is None or known.read_key is None or row[counter] <= known.read_key)
        )
        form = self._selection.dates
        return Page(rows=[row[:3] for row in rows], cursor=cursor, again=again, form=form)

    def _where(self, plan: ReadPlan | None) -> _Where:
        """Return the conditions of all rows, without those that `_late` adds."""
        within, created_at = self._selection.within, quote(self._columns.created_at)
        where, values = self._creators.condition(quote(self._columns.creator))
        if self._selection.by_key and plan and plan.increasing:
            where.append(f"{quote(plan.increasing)} > %s")
            values.append(self._selection.late_after)
        elif within.since:
            condition, value = f"{created_at} >= %s", _to_naive_utc(within.since)
            late = self._selection.late_after
            if plan and plan.increasing and not plan.by_time and late is not None:
                where.append(f"({condition} OR {quote(plan.increasing)} > %s)")
                values += [value, late]
            else:
                where.append(condition)
                values.append(value)
        if within.until:
            where.append(f"{created_at} < %s")
            values.append(_to_naive_utc(within.until))
        return where, values

    def _late(self, plan: ReadPlan) -> _Where | None:
        """Return the conditions of late rows; None if they are read with the others."""
        since, late = self._selection.within.since, self._selection.late_after
        if (
            self._selection.by_key
            or since is None
            or late is None
            or plan.increasing is None
            or not plan.by_time
        ):
            return None
        where, values = self._creators.condition(quote(self._columns.creator))
        where += [f"{quote(plan.increasing)} > %s", f"{quote(self._columns.created_at)} < %s"]
        return where, [*values, late, _to_naive_utc(since)]

    async def _key(
        self,
        connection: Any,  # noqa: ANN401 - as above
        plan: ReadPlan,
        function: str,
        since: datetime | None,
    ) -> int | None:
        """Return the least or greatest key; None without an increasing key or rows."""
        if plan.increasing is None:
            return None
        where = f" WHERE {quote(self._columns.created_at)} >= %s" if since else ""
        ((key,),) = await fetch(
            connection,
            f"SELECT {function}({quote(plan.increasing)}) FROM {quote(self._table)}{where}",  # noqa: S608 - as above
            [_to_naive_utc(since)] if since else [],
        )
        return None if key is None else int(key)


def condition_after(key: Sequence[str], last: Sequence[object]) -> tuple[str, list[object]]:
    """Return the condition for rows after `last` in key order; MySQL can range-scan it.

    For (a, b) after (x, y): ``a >= x AND (a > x OR (a = x AND b > y))``.
    """
    alternatives = []
    values: list[object] = [last[0]]
    for depth in range(len(key)):
        equal = [f"{quote(name)} = %s" for name in key[:depth]]
        alternatives.append(" AND ".join([*equal, f"{quote(key[depth])} > %s"]))
        values.extend(last[: depth + 1])
    return f"{quote(key[0])} >= %s AND ({' OR '.join(alternatives)})", values


def _and(where: Sequence[str]) -> str:
    return " WHERE " + " AND ".join(where) if where else ""


def _is_before(created_at: object, moment: datetime | None) -> bool:
    if moment is None:
        return False
    if isinstance(created_at, datetime):
        return created_at < _to_naive_utc(moment)
    return isinstance(created_at, date) and created_at < _to_naive_utc(moment).date()


def _to_portable(value: object) -> int | str | bytes:
    """Return a key's value in a form that MySQL accepts and a file can store."""
    return value if isinstance(value, int | bytes) else str(value)


def _to_naive_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
