"""Connections to MySQL or MariaDB servers. Edge (network).

Each query is a transaction of its own (autocommit), so that nothing is locked between two of them.
"""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from asyncmy.constants.CR import CR_SERVER_LOST
from asyncmy.errors import MySQLError

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.mysql.address import MySqlAddress
from stream_ingest.sources.mysql.login import READ_TIMEOUT, CheckedConnection
from stream_ingest.sources.mysql.tls import tls_context

_CLOSE_TIMEOUT_S = 2.0
_ACCESS_DENIED = 1_045
_NONSENSE = (RuntimeError, ValueError, IndexError, struct.error)
"""What asyncmy raises for an answer that is not MySQL's, or for a missing library."""
_SELF_SIGNED = frozenset({18, 19, 20, 21})
"""OpenSSL's numbers for certificates without a known authority."""


async def database_now(address: MySqlAddress) -> datetime:
    """Return the database's UTC time in whole seconds; raises `UserError` if it is unreachable."""
    async with connect(address) as connection:
        ((moment,),) = await fetch(connection, "SELECT UTC_TIMESTAMP()", [])
    return moment.replace(microsecond=0, tzinfo=UTC)  # type: ignore[no-any-return]  # asyncmy has no types


@asynccontextmanager
async def connect(address: MySqlAddress) -> AsyncIterator[Any]:
    """Open a connection in UTC; errors of the server become a `UserError` without the password."""
    connection = await _open(address)
    try:
        yield connection
    except (MySQLError, TimeoutError) as error:
        raise UserError(f"{address!r}: {_reason(error, address)}") from error  # noqa: EM102, TRY003 - one line with the cause
    finally:
        with suppress(MySQLError, OSError, TimeoutError):
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await connection.ensure_closed()  # so that the server counts no aborted client
        connection.close()


async def fetch(connection: Any, sql: str, values: Sequence[object]) -> Sequence[Any]:  # noqa: ANN401 - asyncmy has no types
    """Return all rows of a query."""
    async with connection.cursor() as cursor:
        await cursor.execute(sql, values)
        return await cursor.fetchall()  # type: ignore[no-any-return]  # asyncmy has no types


async def _open(address: MySqlAddress) -> CheckedConnection:
    settings, mode = address.settings, address.tls
    connection = CheckedConnection(
        mode,
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password.encode(),  # text would be sent as Latin-1
        db=address.database,
        unix_socket=settings.unix_socket,
        charset="utf8mb4",
        autocommit=True,
        local_infile=False,
        read_timeout_s=settings.read_timeout_s,
        init_command="SET time_zone = '+00:00', sql_mode = ''",  # zero dates stay comparable
        ssl=tls_context(mode, settings),
    )
    try:
        await _log_in(connection, address)
    except BaseException:
        connection.close()
        raise
    return connection


async def _log_in(connection: CheckedConnection, address: MySqlAddress) -> None:
    """Connect; whatever goes wrong is a `UserError` without the password."""
    timeout_s = address.settings.connect_timeout_s
    try:
        async with asyncio.timeout(timeout_s):
            await connection.connect()
    except UserError as error:
        raise UserError(f"cannot open {address!r}: {error}") from error  # noqa: EM102, TRY003 - one line with the cause
    except TimeoutError as error:
        reason = _silence(connection, timeout_s)
        raise UserError(f"cannot open {address!r}: {reason}") from error  # noqa: EM102, TRY003 - as above
    except (MySQLError, OSError, *_NONSENSE) as error:
        raise UserError(f"cannot open {address!r}: {_reason(error, address)}") from None  # noqa: EM102, TRY003 - a cause may have parts of the log-in


def _silence(connection: CheckedConnection, seconds: float) -> str:
    """Return what a connection waited for in vain."""
    if connection.has_greeting:
        return f"the server did not complete the log-in within {seconds:g} s"
    if connection.host_info == "Not connected":
        return f"no connection within {seconds:g} s: check host, port and firewall"
    return f"the server sent nothing within {seconds:g} s after the connection was opened"


def _reason(error: Exception, address: MySqlAddress) -> str:
    """Return what went wrong, and what to do about it, in one line."""
    cause = error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _certificate(cause)
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed: {cause.reason or cause}"
    code = error.args[0] if error.args else None
    text = str(error.args[1]) if len(error.args) > 1 else str(error)
    if code == CR_SERVER_LOST and text == READ_TIMEOUT:
        return f"the server sent nothing for {address.settings.read_timeout_s:g} s"
    if code == CR_SERVER_LOST:
        return f"the connection was lost ({text})"
    if code == _ACCESS_DENIED and not address.password.isalnum():
        text += " (in a URL, special characters of a password are written as %2F and so on)"
    return " ".join(text.split()) or type(error).__name__


def _certificate(error: ssl.SSLCertVerificationError) -> str:
    remedies = "ssl-mode=REQUIRED encrypts without verification, DISABLED does not encrypt"
    if error.verify_code in _SELF_SIGNED:
        return (
            "the server's certificate is not signed by a known authority: give its authority's by"
            f" --mysql-ca FILE ({remedies})"
        )
    return f"the server's certificate is not accepted: {error.verify_message} ({remedies})"
