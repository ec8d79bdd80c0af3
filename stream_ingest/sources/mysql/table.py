"""Reads rows from MySQL or MariaDB in keyset pages. Edge (network).

Pages follow a key (``WHERE key > last ORDER BY key LIMIT n``), so memory is constant for any table
and a page costs no more than its rows. The order is (created_at, primary key) if created_at is
indexed and never NULL, otherwise the primary key or another unique one. Each page is a query of its
own that is read at once: nothing is locked while rows are being sent. A table without a key has to
be read by one query; its rows are stored in a temporary file first, for the same reason.

Rows that were inserted late, with an old created_at, are found by an increasing primary key: after
the rows of the range, or among them if the order is that key.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.creator_filter import CreatorFilter
from stream_ingest.sources.mysql.address import MySqlAddress
from stream_ingest.sources.mysql.conditions import Where, all_rows, late_rows
from stream_ingest.sources.mysql.connection import connect, fetch
from stream_ingest.sources.mysql.keys import condition_after, quote, to_portable
from stream_ingest.sources.mysql.moments import TimeKind
from stream_ingest.sources.mysql.plan import Planner
from stream_ingest.sources.mysql.read_plan import ReadPlan
from stream_ingest.sources.mysql.server_clock import look_at_times
from stream_ingest.sources.mysql.spool import spooled
from stream_ingest.sources.source import (
    Columns,
    Cursor,
    NotResumableError,
    Page,
    Selection,
    Snapshot,
)

PAGE_ROWS = 1_000
_MAX_PAGES_PER_QUERY = 5
_QUERY_BYTES = 4 << 20
"""Bytes of rows that one query is to return, roughly."""
_CHECK_INTERVAL_S = 5.0
_sleep = asyncio.sleep
_LATE = "late"
"""First element of a cursor among the late rows, which are read after the range."""


class MySqlSource:
    """One table, read in keyset pages."""

    def __init__(  # noqa: PLR0913 - what a read depends on
        self,
        address: MySqlAddress,
        table: str,
        columns: Columns,
        *,
        selection: Selection,
        page_rows: int = PAGE_ROWS,
        rows_per_s: int | None = None,
    ) -> None:
        """Read the rows of `table` that are in the selection, at `rows_per_s` on average."""
        self._address, self._table, self._columns = address, table, columns
        self._selection, self._page_rows = selection, page_rows
        self._creators = CreatorFilter(selection.creators, selection.creator_case)
        self._rows_per_s = rows_per_s

    async def check(self) -> None:
        """Raise `UserError` if the database, table or a column is missing or not readable."""
        async with connect(self._address) as connection:
            plan = await self._plan(connection)
            await look_at_times(connection, plan, is_ranged=self._is_ranged)

    async def notes(self) -> tuple[str, ...]:
        """Return lines about how the table's times are read; raises as `check`."""
        async with connect(self._address) as connection:
            plan = await self._plan(connection)
            times = await look_at_times(connection, plan, is_ranged=self._is_ranged)
        return times.notes

    async def snapshot(self, *moments: datetime) -> Snapshot:
        """Return the database's time and the table's greatest key; raises as `check`.

        With `moments`, also the greatest key below those of all rows created since each of them.
        """
        async with connect(self._address) as connection:
            plan = await self._plan(connection)
            greatest = await self._key(connection, plan, "MAX", None)
            # The time is read after the key: no key that is used after it is smaller.
            ((now,),) = await fetch(connection, "SELECT UTC_TIMESTAMP()", [])
            moment = now.replace(microsecond=0, tzinfo=UTC)
            firsts = [await self._key(connection, plan, "MIN", each) for each in moments]
            times = await look_at_times(connection, plan, is_ranged=True)
        snapshot = Snapshot(
            now=moment,
            key=None,
            settled=plan.time.settled(moment, times.newest),
            slack=times.slack,
            notes=times.notes,
        )
        if plan.increasing is None:
            return snapshot
        key = greatest or 0
        before = tuple(key if first is None else first - 1 for first in firsts)
        return msgspec.structs.replace(snapshot, key=key, keys_before=before)

    async def pages(self, after: Cursor | None = None) -> AsyncGenerator[Page]:
        """Yield pages of rows; raises `UserError` as `check` does.

        The cursor is the last row's key, or the number of rows read if the table has no key.
        """
        async with connect(self._address) as connection:
            plan = await self._plan(connection)
            if self._is_ranged:
                await look_at_times(connection, plan, is_ranged=True)
            if not plan.key:
                async for page in self._at_once(connection, plan, after):
                    yield page
                return
            late = late_rows(self._selection, plan, self._creators)
            is_late = late is not None and after is not None and after[0] == _LATE
            if not is_late:
                key = plan.key
                if self._selection.by_key and plan.increasing:
                    key = (plan.increasing,)
                where = all_rows(self._selection, plan, self._creators)
                async for page in self._keyset(connection, plan, key, where, after):
                    yield page
            if late is not None:
                last = after[1:] if after and is_late else None
                async for page in self._keyset(connection, plan, plan.key[1:], late, last):
                    yield msgspec.structs.replace(page, cursor=(_LATE, *page.cursor))

    @property
    def _is_ranged(self) -> bool:
        within = self._selection.within
        return within.since is not None or within.until is not None

    async def _plan(self, connection: Any) -> ReadPlan:  # noqa: ANN401 - asyncmy is a compiled module without types
        planner = Planner(connection, self._address, self._table, self._selection.dates)
        return await planner.plan(self._columns)

    async def _keyset(
        self,
        connection: Any,  # noqa: ANN401 - as above
        plan: ReadPlan,
        key: tuple[str, ...],
        chosen: Where,
        last: Cursor | None,
    ) -> AsyncIterator[Page]:
        names = [*dict.fromkeys((*plan.columns.names(), *plan.key))]
        places = [(names.index(name), plan.kind_of(name)) for name in key]
        counter = names.index(plan.increasing) if plan.increasing else None
        limit, checked_at = self._page_rows, time.monotonic()
        while True:
            started = time.monotonic()
            where, values = chosen
            if last is not None:
                condition, more = condition_after(key, last)
                where, values = [*where, condition], [*values, *more]
            order = ", ".join(map(quote, key))
            rows = await fetch(
                connection,
                f"{_select(names, plan, where)} ORDER BY {order} LIMIT {limit}",
                values,
            )
            if len(rows) < limit or time.monotonic() - checked_at > _CHECK_INTERVAL_S:
                await self._check_unchanged(connection, plan)
                checked_at = time.monotonic()
            for start in range(0, len(rows), self._page_rows):
                part = rows[start : start + self._page_rows]
                previous = last
                last = tuple(to_portable(part[-1][place], kind) for place, kind in places)
                if last == previous:
                    raise UserError(_endless(plan, key))
                yield self._page(plan, part, last, counter)
            if len(rows) < limit:
                return
            limit = self._next_limit(rows, limit)
            await self._keep_to_rate(len(rows), started)

    async def _at_once(
        self,
        connection: Any,  # noqa: ANN401 - as above
        plan: ReadPlan,
        after: Cursor | None,
    ) -> AsyncIterator[Page]:
        """Yield the pages of a table without a key, from a copy of its rows on disk.

        Raises `NotResumableError` if some were read before: a number of rows is no place in a table
        from which rows may have been deleted since.
        """
        if after:
            msg = (
                f"table {self._table} has no usable key, so that a push of it cannot be continued:"
                " end its batch with `stream-ingest abandon`, and push it again, or add a key first"
                " (images that were sent are known, unless the batch has --no-dedup)"
            )
            raise NotResumableError(msg)
        count = 0
        where, values = all_rows(self._selection, plan, self._creators)
        sql = _select(plan.columns.names(), plan, where)
        async for rows in spooled(connection, sql, values, self._page_rows):
            started = time.monotonic()
            count += len(rows)
            yield self._page(plan, rows, (count,), None)
            await self._keep_to_rate(len(rows), started)

    def _page(
        self, plan: ReadPlan, rows: Sequence[Any], cursor: Cursor, counter: int | None
    ) -> Page:
        """Return a page; `counter` is the place of the increasing key in a row."""
        known, column = self._selection, plan.time
        form = msgspec.structs.replace(known.dates, timezone=None)  # `value` has used it
        is_plain = column.is_plain
        is_whole = column.kind is not TimeKind.TEXT and not known.creators
        if is_plain and is_whole and known.read_before is None:  # nearly always
            return Page(rows=[row[:3] for row in rows], cursor=cursor, form=form)
        found: list[tuple[object, object, object]] = []
        again: set[int] = set()
        for row in rows:
            key = row[counter] if counter is not None else None
            is_late = known.late_after is not None and key is not None and key > known.late_after
            if not self._creators.matches(row[0]):
                continue
            if not is_late and not column.is_within(row[2], known.within):
                continue
            value = row[2] if is_plain else column.value(row[2])
            is_old = counter is None or known.read_key is None or row[counter] <= known.read_key
            if known.read_before and is_old and column.is_before(value, known.read_before):
                again.add(len(found))
            found.append((row[0], row[1], value))
        return Page(rows=found, cursor=cursor, again=frozenset(again), form=form)

    async def _check_unchanged(self, connection: Any, plan: ReadPlan) -> None:  # noqa: ANN401 - as above
        """Raise `UserError` if the key that pages go by is another one now."""
        if await self._plan(connection) != plan:
            msg = (
                f"table {self._table!r} was altered while it was read: its key or its columns are"
                " others now. Push it again: rows that were sent already are recognised"
            )
            raise UserError(msg)

    def _next_limit(self, rows: Sequence[Any], limit: int) -> int:
        """Return how many rows the next query is to return, given the length of these."""
        size = sum(len(value) for row in rows for value in row if isinstance(value, str | bytes))
        fitting = _QUERY_BYTES * len(rows) // max(size, 1)
        return max(min(fitting, 2 * limit, _MAX_PAGES_PER_QUERY * self._page_rows), 1)

    async def _keep_to_rate(self, rows: int, started: float) -> None:
        if self._rows_per_s:
            spent = time.monotonic() - started
            await _sleep(max(rows / self._rows_per_s - spent, 0))

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
        condition, values = plan.time.since(since, later=True) if since else ("TRUE", [])
        ((key,),) = await fetch(
            connection,
            f"SELECT {function}({quote(plan.increasing)}) FROM {quote(plan.table)}"  # noqa: S608 - identifiers are quoted, values are parameters
            f" WHERE {condition}",
            values,
        )
        return None if key is None else int(key)


def _select(names: Sequence[str], plan: ReadPlan, where: Sequence[str]) -> str:
    selected = ", ".join(map(quote, names))
    conditions = " WHERE " + " AND ".join(where) if where else ""
    return f"SELECT {selected} FROM {quote(plan.table)}{conditions}"  # noqa: S608 - as above


def _endless(plan: ReadPlan, key: Sequence[str]) -> str:
    return (
        f"table {plan.table!r} cannot be paged by {', '.join(key)}: the server returns the same row"
        " again; add a primary key of integers"
    )
