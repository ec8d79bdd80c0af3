"""Addresses of and connections to MySQL or MariaDB servers. Edge (network)."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncmy
import msgspec
from asyncmy.errors import MySQLError

from stream_ingest.contracts.errors import UserError

DEFAULT_PORT = 3_306
_CONNECT_TIMEOUT_S = 10
_EXPECTED = (
    "--mysql: expected mysql://user:password@host:port/database"
    " (in the password %2F for /, %40 for @, %23 for #, %3F for ?)"
)


class MySqlAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Address of and login to a database; `repr` never shows the password."""

    host: str
    port: int
    user: str
    password: str
    database: str
    unix_socket: str | None = None
    tls: bool = False

    def __repr__(self) -> str:
        """Return the URL without the password."""
        return f"mysql://{self.user}@{self.place}"

    @property
    def place(self) -> str:
        """Host, port and database, for messages."""
        return f"{self.host}:{self.port}/{self.database}"


def parse_address(url: str) -> MySqlAddress:
    """Parse ``mysql://user:password@host:port/database[?unix_socket=…&ssl=true]``.

    The `UserError` for anything else never quotes the text, which may contain a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORT
    except ValueError:
        raise UserError(_EXPECTED) from None
    database = unquote(parts.path.strip("/"))
    if parts.scheme not in {"mysql", "mariadb"} or not parts.hostname or not database:
        raise UserError(_EXPECTED)
    if "/" in database or "@" in database:  # probably the rest of a password
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


async def database_now(address: MySqlAddress) -> datetime:
    """Return the database's UTC time in whole seconds; raises `UserError` if it is unreachable."""
    async with connect(address) as connection:
        ((moment,),) = await fetch(connection, "SELECT UTC_TIMESTAMP()", [])
    return moment.replace(microsecond=0, tzinfo=UTC)  # type: ignore[no-any-return]  # asyncmy has no types


@asynccontextmanager
async def connect(address: MySqlAddress) -> AsyncIterator[Any]:
    """Open a connection in UTC; errors of the server become a `UserError` without the password."""
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


def quote(identifier: str) -> str:
    """Return an identifier in backquotes, escaped for MySQL and for parameter formatting."""
    return "`" + identifier.replace("`", "``").replace("%", "%%") + "`"


def _reason(error: Exception) -> str:
    return str(error.args[1]) if len(error.args) > 1 else str(error)
