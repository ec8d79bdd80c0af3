"""Rows out of MySQL or MariaDB in keyset pages. Edge (network).

Pages follow a key (``WHERE key > last ORDER BY key LIMIT n``), so memory is constant for any table
and no page costs more than its own rows. The order is (created_at, primary key) where created_at is
indexed and never NULL, else the primary key; a table without one is read through one unbuffered
cursor.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncmy
import msgspec
from asyncmy.cursors import SSCursor
from asyncmy.errors import MySQLError

from stream_ingest.errors import UserError
from stream_ingest.sources.rows import Columns, Cursor, Page
from stream_ingest.timerange import TimeRange

PAGE_ROWS = 5_000
DEFAULT_PORT = 3_306
_CONNECT_TIMEOUT_S = 10
_EXPECTED = (
    "--mysql: expected mysql://user:password@host:port/database"
    " (in the password %2F for /, %40 for @, %23 for #, %3F for ?)"
)
_UNFIT_FOR_KEYS = frozenset({"enum", "set", "float", "double", "bit"})
"""Types whose order or equality is not that of the values read: no page can follow from them."""


class MySqlAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a database is and who asks; the password never shows in `repr`."""

    host: str
    port: int
    user: str
    password: str
    database: str
    unix_socket: str | None = None
    tls: bool = False

    def __repr__(self) -> str:
        """Name the database without the password."""
        return f"mysql://{self.user}@{self.place}"

    @property
    def place(self) -> str:
        """Host, port and database, for messages."""
        return f"{self.host}:{self.port}/{self.database}"


def parse_address(url: str) -> MySqlAddress:
    """Read ``mysql://user:password@host:port/database[?unix_socket=…&ssl=true]``.

    `UserError` for anything else says nothing of what was given: a password may be anywhere in it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORT
    except ValueError:
        raise UserError(_EXPECTED) from None
    database = unquote(parts.path.strip("/"))
    if parts.scheme not in {"mysql", "mariadb"} or not parts.hostname or not database:
        raise UserError(_EXPECTED)
    if "/" in database or "@" in database:  # the rest of a password, as likely as not
        raise UserError(_EXPECTED)
    query = parse_qs(parts.query)
    return MySqlAddress(
        host=parts.hostname,
        port=port,
        user=unquote(parts.username or "root"),
        password=unquote(parts.password or ""),
        database=database,
        unix_socket=query.get("unix_socket", [None])[0],
        tls=query.get("ssl", ["false"])[0].lower() in {"1", "true", "required"},
    )


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
        """Read rows of `table` with created_at `within`, of `creators` only if any are named."""
        self._address, self._table, self._columns = address, table, columns
        self._within, self._creators, self._page_rows = within, tuple(creators), page_rows

    async def check(self) -> None:
        """Raise `UserError` where there is no such database, table or column, or no access."""
        async with connected(self._address) as connection:
            await _Planner(connection, self._address, self._table).plan(self._columns)

    async def pages(self, after: Cursor | None = None) -> AsyncIterator[Page]:
        """Yield pages of rows; `UserError` for what a person has to mend.

        The cursor is the last row's key, or the number of rows read where the table has no key.
        """
        async with connected(self._address) as connection:
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
        selected = ", ".join(map(quoted, (*self._columns.names(), *plan.key)))
        order = ", ".join(map(quoted, plan.key))
        while True:
            where, values = self._where()
            if last is not None:
                condition, more = behind(plan.key, last)
                where, values = [*where, condition], [*values, *more]
            rows = await fetch(
                connection,
                f"SELECT {selected} FROM {quoted(self._table)}{_and(where)}"  # noqa: S608 - identifiers are quoted, values are parameters
                f" ORDER BY {order} LIMIT {self._page_rows}",
                values,
            )
            if rows:
                last = tuple(_portable(value) for value in rows[-1][3:])
                yield Page(rows=[row[:3] for row in rows], cursor=last)
            if len(rows) < self._page_rows:
                return

    async def _unbuffered(
        self,
        connection: Any,  # noqa: ANN401 - as above
        after: Cursor | None,
    ) -> AsyncIterator[Page]:
        skip, count = int(after[0]) if after else 0, 0
        where, values = self._where()
        selected = ", ".join(map(quoted, self._columns.names()))
        async with connection.cursor(cursor=SSCursor) as cursor:
            await cursor.execute(
                f"SELECT {selected} FROM {quoted(self._table)}{_and(where)}",  # noqa: S608 - as above
                values,
            )
            while rows := await cursor.fetchmany(self._page_rows):
                wanted = list(rows)[max(skip - count, 0) :]
                count += len(rows)
                if wanted:
                    yield Page(rows=wanted, cursor=(count,))

    def _where(self) -> tuple[list[str], list[object]]:
        created_at = quoted(self._columns.created_at)
        where: list[str] = []
        values: list[object] = []
        if self._within.since:
            where.append(f"{created_at} >= %s")
            values.append(_naive(self._within.since))
        if self._within.until:
            where.append(f"{created_at} < %s")
            values.append(_naive(self._within.until))
        if self._creators:
            marks = ", ".join(["%s"] * len(self._creators))
            creator = quoted(self._columns.creator)
            # The first finds them by index, the second exactly: a collation may ignore case, and
            # the column's bytes may be those of another character set.
            exactly = f"BINARY CONVERT({creator} USING utf8mb4)"
            where.append(f"{creator} IN ({marks}) AND {exactly} IN ({marks})")
            values.extend([*self._creators, *self._creators])
        return where, values


async def database_now(address: MySqlAddress) -> datetime:
    """Return the database's own UTC time, whole seconds; `UserError` if it cannot be asked."""
    async with connected(address) as connection:
        ((moment,),) = await fetch(connection, "SELECT UTC_TIMESTAMP()", [])
    return moment.replace(microsecond=0, tzinfo=UTC)  # type: ignore[no-any-return]  # asyncmy has no types


@asynccontextmanager
async def connected(address: MySqlAddress) -> AsyncIterator[Any]:
    """Hold a connection in UTC; every error of the server is a `UserError` without the password."""
    options: dict[str, Any] = {"unix_socket": address.unix_socket} if address.unix_socket else {}
    if address.tls:
        options["ssl"] = ssl.create_default_context()
    try:
        connection = await asyncmy.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            db=address.database,
            charset="utf8mb4",
            connect_timeout=_CONNECT_TIMEOUT_S,
            init_command="SET time_zone = '+00:00', sql_mode = ''",  # zero dates stay comparable
            **options,
        )
    except (MySQLError, OSError, TimeoutError) as error:
        raise UserError(f"cannot open {address!r}: {_reason(error)}") from error  # noqa: EM102, TRY003 - one line with the cause
    try:
        yield connection
    except MySQLError as error:
        raise UserError(f"{address!r}: {_reason(error)}") from error  # noqa: EM102, TRY003 - one line with the cause
    finally:
        connection.close()


async def fetch(connection: Any, sql: str, values: Sequence[object]) -> Sequence[Any]:  # noqa: ANN401 - asyncmy has no types
    """Return all rows of a query."""
    async with connection.cursor() as cursor:
        await cursor.execute(sql, values)
        return await cursor.fetchall()  # type: ignore[no-any-return]  # asyncmy has no types


class _Plan(msgspec.Struct, frozen=True):
    key: tuple[str, ...]


class _Column(msgspec.Struct, frozen=True):
    nullable: bool
    kind: str


class _Planner:
    """Finds out how a table can be paged."""

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


def quoted(identifier: str) -> str:
    """Return an identifier in MySQL's quotes."""
    return "`" + identifier.replace("`", "``").replace("%", "%%") + "`"


def behind(key: Sequence[str], last: Sequence[object]) -> tuple[str, list[object]]:
    """Return the condition for rows behind `last` in key order; MySQL can range-scan it.

    For (a, b) behind (x, y): ``a >= x AND (a > x OR (a = x AND b > y))``.
    """
    alternatives = []
    values: list[object] = [last[0]]
    for depth in range(len(key)):
        equal = [f"{quoted(name)} = %s" for name in key[:depth]]
        alternatives.append(" AND ".join([*equal, f"{quoted(key[depth])} > %s"]))
        values.extend(last[: depth + 1])
    return f"{quoted(key[0])} >= %s AND ({' OR '.join(alternatives)})", values


def _and(where: Sequence[str]) -> str:
    return " WHERE " + " AND ".join(where) if where else ""


def _portable(value: object) -> int | str | bytes:
    """Return a key's value as MySQL takes it back and a file can hold it."""
    return value if isinstance(value, int | bytes) else str(value)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _reason(error: Exception) -> str:
    return str(error.args[1]) if len(error.args) > 1 else str(error)
