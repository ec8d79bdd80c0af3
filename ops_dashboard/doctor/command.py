"""``ops-dashboard doctor``. Edge (terminal): the composition root."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
from rich.text import Text

from ops_dashboard.doctor.checks import Account, Check, Finding, State, result, skipped, utc_now
from ops_dashboard.doctor.stack import PARTS, StackChecks
from ops_dashboard.printing.tables import safe
from ops_dashboard.printing.terminal import console, print_json
from stream_ingest.aws import clients
from stream_ingest.sources.mysql.connection import connect, fetch
from stream_ingest.sources.mysql.table import MySqlSource
from stream_ingest.sources.source import MYSQL_COLUMNS, Selection, parse_columns, parse_table
from stream_ingest.sources.source_options import address_of

_STYLES = {State.OK: "green", State.NOTE: "yellow", State.WRONG: "bold red", State.SKIPPED: "dim"}


class DatabaseOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Which database to check, in the options of `stream-ingest push`."""

    mysql: str | None
    mysql_secret: str | None
    table: str
    columns: str | None
    mysql_ca: Path | None = None

    @property
    def is_given(self) -> bool:
        """Whether a database was given."""
        return bool(self.mysql or self.mysql_secret)


def show_doctor(stack: str, database: DatabaseOptions, *, json: bool) -> bool:
    """Print each finding when it is available; return whether no check failed."""
    found = []
    for finding in findings(stack, database):
        found.append(finding)
        if not json:
            _print(finding)
    is_ok = all(finding.state is not State.WRONG for finding in found)
    if json:
        print_json({"ok": is_ok, "findings": found})
    return is_ok


def findings(stack: str, database: DatabaseOptions) -> Iterator[Finding]:
    """Run all checks; yield their findings."""
    session = clients.session()
    account = Account(session, stack, utc_now)
    yield from account.findings()
    if account.outputs is None:
        yield from (skipped(name, "needs the stack's outputs") for name in PARTS)
    else:
        yield from map(result, StackChecks(session, account.outputs).checks())
    if not database.is_given:
        yield skipped("database", "no --mysql, MYSQL_URL or --mysql-secret")
        return
    yield result(
        Check(
            name="database",
            run=lambda: asyncio.run(_check_database(database)),
            do="check the URL, the network, and that the user has SELECT on the table",
        )
    )


async def _check_database(database: DatabaseOptions) -> str:
    """Check that the table and its columns can be read, as a push would."""
    address = address_of(database.mysql, database.mysql_secret, database.table, database.mysql_ca)
    columns = parse_columns(database.columns, MYSQL_COLUMNS)
    table = parse_table(database.table)[1]
    await MySqlSource(address, table, columns, selection=Selection()).check()
    async with connect(address) as connection:
        ((version,),) = await fetch(connection, "SELECT VERSION()", [])
        ((_, cipher),) = await fetch(connection, "SHOW SESSION STATUS LIKE 'Ssl_cipher'", [])
    encrypted = f"encrypted ({cipher})" if cipher else "not encrypted"
    return f"{address!r}, {version}, {encrypted}: {database.table} can be read"


def _print(finding: Finding) -> None:
    line = Text()
    line.append(f"{finding.state:8}", _STYLES[finding.state])
    line.append(f"{finding.check:14}", "bold")
    line.append(safe(finding.found))
    if finding.do is not None:
        line.append(f"  → {safe(finding.do)}", "yellow")
    console().print(line, soft_wrap=True)
