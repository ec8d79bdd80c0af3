"""Reads rows from MySQL or MariaDB in keyset pages. Edge (network).

Pages follow a key (``WHERE key > last ORDER BY key LIMIT n``), so memory is constant for any table
and a page costs no more than its rows. The order is (created_at, primary key) if created_at is
indexed and never NULL, otherwise the primary key; a table without a primary key is read through one
unbuffered cursor.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from asyncmy.cursors import SSCursor

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.mysql_connection import MySqlAddress, connect, fetch, quote
from stream_ingest.sources.source import Columns, Cursor, Page
from stream_ingest.sources.timerange import TimeRange

PAGE_ROWS = 1_000
_PAGES_PER_QUERY = 5
"""Pages read by one query, to save round trips."""
_UNFIT_FOR_KEYS = frozenset({"enum", "set", "float", "double", "bit"})
"""Types whose order or equality differs from that of the values read: unusable as page keys."""


class MySqlSource:
    """One table, read in keyset pages."""

    def __init__(  # noqa: PLR0913 - what is read, named once
        self,
        address: MySqlAddress,
        table: str,
        columns: Columns,
        *,
        within: TimeRange,
        creators: Sequence[str] = (),
        page_rows: int = PAGE_ROWS,
    ) -> None:
        """Read rows of `table` with created_at `within`, of `creators` only if any are given."""
        self._address, self._table, self._columns = address, table, columns
        self._within, self._creators, self._page_rows = within, tuple(creators), page_rows

    async def check(self) -> None:
        """Raise `UserError` if the database, table or a column is missing or not readable."""
        async with connect(self._address) as connection:
            await _Planner(connection, self._address, self._table).plan(self._columns)

    async def pages(self, after: Cursor | None = None) -> AsyncIterator[Page]:
        """Yield pages of rows; raises `UserError` as `check` does.

        The cursor is the last row's key, or the number of rows read if the table has no key.
        """
        async with connect(self._address) as connection:
            plan = await _Planner(connection, self._address, self._table).plan(self._columns)
            if plan.key:
                async for page in self._keyset(connection, plan, after):
                    yield page
            else:
                async for page in self._unbuffered(connection, after):
                    yield page

    async def _keyset(
        self,
        connection: Any,  # noqa: ANN401 - asyncmy is a compiled module without types
        plan: _Plan,
        last: Cursor | None,
    ) -> AsyncIterator[Page]:
        names = [*dict.fromkeys((*self._columns.names(), *plan.key))]
        selected, order = ", ".join(map(quote, names)), ", ".join(map(quote, plan.key))
        places = [names.index(name) for name in plan.key]
        limit = self._page_rows * _PAGES_PER_QUERY
        while True:
            where, values = self._where()
            if last is not None:
                condition, more = condition_after(plan.key, last)
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
                    yield Page(rows=[row[:3] for row in rows], cursor=last)
            if found < limit:
                return

    async def _unbuffered(
        self,
        connection: Any,  # noqa: ANN401 - as above
        after: Cursor | None,
    ) -> AsyncIterator[Page]:
        skip, count = int(after[0]) if after else 0, 0
        where, values = self._where()
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
                    yield Page(rows=new, cursor=(count,))

    def _where(self) -> tuple[list[str], list[object]]:
        created_at = quote(self._columns.created_at)
        where: list[str] = []
        values: list[object] = []
        if self._within.since:
            where.append(f"{created_at} >= %s")
            values.append(_to_naive_utc(self._within.since))
        if self._within.until:
            where.append(f"{created_at} < %s")
            values.append(_to_naive_utc(self._within.until))
        if self._creators:
            marks = ", ".join(["%s"] * len(self._creators))
            creator = quote(self._columns.creator)
            # The first condition uses an index, the second compares exactly: a collation may ignore
            # case, and the column may have another character set.
            exactly = f"BINARY CONVERT({creator} USING utf8mb4)"
            where.append(f"{creator} IN ({marks}) AND {exactly} IN ({marks})")
            values.extend([*self._creators, *self._creators])
        return where, values


class _Plan(msgspec.Struct, frozen=True):
    key: tuple[str, ...]


class _Column(msgspec.Struct, frozen=True):
    nullable: bool
    kind: str


class _Planner:
    """Determines how a table can be paged."""

    def __init__(self, connection: Any, address: MySqlAddress, table: str) -> None:  # noqa: ANN401 - as above
        self._connection, self._address, self._table = connection, address, table

    async def plan(self, columns: Columns) -> _Plan:
        found = await self._columns()
        missing = [name for name in columns.names() if name not in found]
        if missing:
            msg = (
                f"table {self._table!r} has no column {', '.join(missing)}; it has"
                f" {', '.join(found)}. Name them with --columns creator=…,cover=…,created_at=…"
            )
            raise UserError(msg)
        indexes = await self._indexes()
        key = indexes.get("PRIMARY", ())
        leading = {index[0] for index in indexes.values()}
        created_at = columns.created_at
        if key and created_at in leading and not found[created_at].nullable:
            key = (created_at, *(name for name in key if name != created_at))
        return _Plan(() if any(found[name].kind in _UNFIT_FOR_KEYS for name in key) else key)

    async def _columns(self) -> dict[str, _Column]:
        rows = await self._schema(
            "SELECT column_name, is_nullable, data_type FROM information_schema.columns"
            " WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position"
        )
        if not rows:
            tables = await fetch(self._connection, "SHOW TABLES", [])
            named = ", ".join(str(row[0]) for row in tables[:20]) or "none"
            msg = f"no table {self._table!r} in {self._address!r}; tables there: {named}"
            raise UserError(msg)
        return {
            str(name): _Column(nullable == "YES", str(kind).lower())
            for name, nullable, kind in rows
        }

    async def _indexes(self) -> dict[str, tuple[str, ...]]:
        rows = await self._schema(
            "SELECT index_name, column_name FROM information_schema.statistics"
            " WHERE table_schema = %s AND table_name = %s ORDER BY index_name, seq_in_index"
        )
        indexes: dict[str, tuple[str, ...]] = {}
        for index, column in rows:
            indexes[index] = (*indexes.get(index, ()), column)
        return indexes

    async def _schema(self, sql: str) -> Sequence[Any]:
        return await fetch(self._connection, sql, [self._address.database, self._table])


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


def _to_portable(value: object) -> int | str | bytes:
    """Return a key's value in a form that MySQL accepts and a file can store."""
    return value if isinstance(value, int | bytes) else str(value)


def _to_naive_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
