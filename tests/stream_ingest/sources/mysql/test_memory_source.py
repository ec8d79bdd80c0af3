"""The source in memory that fault histories read is as the real one on MariaDB."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from stream_ingest.sources.mysql.table import MySqlSource
from stream_ingest.sources.source import MYSQL_COLUMNS, Page, Selection, Source
from stream_ingest.sources.timerange import TimeRange
from tests.fakes.ingest.memory_source import MemorySource
from tests.fakes.ingest.memory_table import Table
from tests.fakes.ingest.mysql import Database, pages_of

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
COVERS = "creator VARCHAR(50), cover LONGTEXT, created_at DATETIME NOT NULL"
DAYS = (3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3)


def day(number: int) -> datetime:
    return FIRST + timedelta(days=number)


SELECTIONS = (
    Selection(),
    Selection(within=TimeRange(since=day(3))),
    Selection(within=TimeRange(until=day(5)), creators=("a",)),
    Selection(within=TimeRange(since=day(4), until=day(9)), creators=("b", "c")),
    Selection(within=TimeRange(since=day(5)), late_after=6),
    Selection(within=TimeRange(since=day(5), until=day(9)), late_after=6, creators=("a", "c")),
    Selection(within=TimeRange(since=day(5)), late_after=9, by_key=True),
    Selection(within=TimeRange(since=day(2)), late_after=-1, read_before=day(6), read_key=11),
    Selection(within=TimeRange(since=day(2)), read_before=day(6)),
)


@pytest.fixture
def table(database: Database, *, has_key: bool, by_time: bool) -> Iterator[Table]:
    """The same rows in memory and in MariaDB."""
    table = Table(has_key=has_key, now=day(30))
    for number, created in enumerate(DAYS):
        table.insert("abc"[number % 3], day(created), day(0), f"u{number}")
    kind = "AUTO_INCREMENT" if has_key else "NOT NULL"
    index = "created_at" if by_time else "creator"
    database.run(f"CREATE TABLE same (id INT {kind} PRIMARY KEY, {COVERS}, KEY ({index}))")
    values = ", ".join(
        f"({row.key if has_key else row.unordered_key}, '{row.creator}', '{row.cover}',"
        f" '{row.created_at:%Y-%m-%d}')"
        for row in table.rows
    )
    database.run(f"INSERT INTO same VALUES {values}")  # noqa: S608 - a test's own values
    yield table
    database.run("DROP TABLE same")


def content(pages: list[Page]) -> list[tuple[object, bool]]:
    """Return all rows in order, and whether each was read before."""
    return [(row, index in page.again) for page in pages for index, row in enumerate(page.rows)]


def resumed(source: Source, pages: list[Page]) -> list[list[tuple[object, bool]]]:
    """Return what is read after each page."""
    return [content(pages_of(source, page.cursor)) for page in pages]


@pytest.mark.parametrize("has_key", [True, False])
@pytest.mark.parametrize("by_time", [True, False])
def test_pages_cursors_and_snapshots_are_those_of_the_real_source(
    database: Database, table: Table, *, by_time: bool
) -> None:
    for selection in SELECTIONS:
        real = MySqlSource(
            database.address, "same", MYSQL_COLUMNS, selection=selection, page_rows=2
        )
        fake = MemorySource(table, selection, by_time=by_time)
        pages, faked = pages_of(real), pages_of(fake)
        assert content(pages) == content(faked), selection
        assert resumed(real, pages) == resumed(fake, faked), selection
        moments = (day(4), day(40))
        found, wanted = (asyncio.run(each.snapshot(*moments)) for each in (real, fake))
        assert (found.key, found.keys_before) == (wanted.key, wanted.keys_before)
