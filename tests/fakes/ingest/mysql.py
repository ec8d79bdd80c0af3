"""Statements on a real MariaDB, and what a source reads there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from stream_ingest.contracts.date_form import DateForm
from stream_ingest.sources.mysql.address import parse_address
from stream_ingest.sources.mysql.connection import connect, fetch
from stream_ingest.sources.mysql.table import MySqlSource
from stream_ingest.sources.source import (
    MYSQL_COLUMNS,
    Columns,
    Cursor,
    Page,
    Selection,
    Source,
    SourceRow,
)
from stream_ingest.sources.timerange import TimeRange


class Database:
    """One database of a private server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.address = parse_address(url)

    def run(self, *statements: str) -> Sequence[Any]:
        """Run statements; return the rows of the last one."""

        async def run() -> Sequence[Any]:
            rows: Sequence[Any] = []
            async with connect(self.address) as connection:
                for statement in statements:
                    rows = await fetch(connection, statement.replace("%", "%%"), [])
                await connection.commit()
            return rows

        return asyncio.run(run())

    def create(self, table: str, created_at: str, *parts: str) -> None:
        """Create a table with a date column of a type; `parts` are indexes."""
        columns = ("id INT PRIMARY KEY", "creator VARCHAR(9)", "cover TEXT")
        definition = ", ".join((*columns, f"created_at {created_at}", *parts))
        self.run(f"CREATE TABLE `{table}` ({definition})")

    def fill(self, table: str, rows: Sequence[str]) -> None:
        """Insert rows, each as SQL writes it."""
        self.run(f"INSERT INTO `{table}` VALUES {', '.join(rows)}")  # noqa: S608 - a test's own values

    def source(  # noqa: PLR0913 - what a read depends on
        self,
        table: str,
        columns: Columns = MYSQL_COLUMNS,
        *,
        within: TimeRange | None = None,
        creators: Sequence[str] = (),
        page_rows: int = 4,
        zone: str | None = None,
    ) -> MySqlSource:
        """Return a source that reads small pages."""
        return MySqlSource(
            self.address,
            table,
            columns,
            selection=Selection(
                within=within or TimeRange(),
                creators=tuple(creators),
                dates=DateForm(timezone=zone),
            ),
            page_rows=page_rows,
        )


def pages_of(source: Source, after: Cursor | None = None) -> list[Page]:
    """Return all pages of a source."""

    async def read() -> list[Page]:
        return [page async for page in source.pages(after)]

    return asyncio.run(read())


def rows_of(source: Source, after: Cursor | None = None) -> list[SourceRow]:
    """Return all rows of a source."""
    return [row for page in pages_of(source, after) for row in page.rows]
