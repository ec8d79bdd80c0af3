"""``ops-dashboard doctor``. Edge (terminal): the composition root."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import msgspec
from rich.console import Console

from ops_dashboard.doctor.account import Account, utc_now
from ops_dashboard.doctor.checks import result, run_checks
from ops_dashboard.doctor.deployed import Aws
from ops_dashboard.doctor.findings import Check, Finding, State, skipped
from ops_dashboard.doctor.report import report_of
from ops_dashboard.doctor.stack import CHECKS, stack_checks
from ops_dashboard.printing.terminal import console, print_json
from stream_ingest.aws import clients
from stream_ingest.sources.mysql.connection import connect, fetch
from stream_ingest.sources.mysql.table import MySqlSource
from stream_ingest.sources.source import MYSQL_COLUMNS, Selection, parse_columns, parse_table
from stream_ingest.sources.source_options import address_of


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


def show_doctor(stack: str, database: DatabaseOptions, *, json: bool, every: bool = False) -> bool:
    """Print the findings; return whether no check failed.

    With `every`, what passed is shown in as much detail as what failed.
    """
    progress = Console(file=sys.stderr)  # nothing is shown if that is no terminal
    with progress.status(f"checking stack {stack} …"):
        found = list(findings(stack, database))
    is_ok = all(finding.state is not State.WRONG for finding in found)
    if json:
        print_json({"ok": is_ok, "findings": found})
    else:
        console().print(report_of(found, every=every))
    return is_ok


def findings(stack: str, database: DatabaseOptions) -> Iterator[Finding]:
    """Run all checks; yield their findings."""
    yield from stack_findings(clients.session(), stack)
    yield _database_finding(database)


def stack_findings(session: boto3.Session, stack: str) -> Iterator[Finding]:
    """Run the checks of account and stack; yield their findings."""
    aws = Aws(session)
    account = Account(aws, stack, utc_now)
    yield from account.findings()
    if account.outputs is None:
        yield from (skipped(name, "needs the stack's outputs") for name in CHECKS)
    else:
        yield from run_checks(stack_checks(aws, account.outputs, account.parts))


def _database_finding(database: DatabaseOptions) -> Finding:
    if not database.is_given:
        return skipped("database", "no --mysql, MYSQL_URL or --mysql-secret")
    return result(
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
