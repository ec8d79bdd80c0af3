"""A read is a good guest: nothing is locked between its pages, and what changes costs no row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.mysql.table import MySqlSource
from stream_ingest.sources.source import MYSQL_COLUMNS, Selection
from tests.fakes.ingest.mysql import Database, pages_of

COVERS = "creator VARCHAR(50), cover LONGTEXT, created_at DATETIME NOT NULL"
ROWS = 60


@pytest.fixture
def table(database: Database, name: str) -> str:
    database.run(f"CREATE TABLE `{name}` (id INT PRIMARY KEY, {COVERS}, KEY (created_at))")
    database.fill(name, [f"({n}, 'c', 'u{n}', '2026-11-0{n % 2 + 1}')" for n in range(ROWS)])
    return name


def covers_read(source: MySqlSource, between: Callable[[int], None]) -> list[object]:
    """Return the covers that are read, with a call between any two pages."""

    async def read() -> list[object]:
        found: list[object] = []
        async for page in source.pages():
            found += [row[1] for row in page.rows]
            await asyncio.to_thread(between, len(found))
        return found

    return asyncio.run(read())


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE own ADD COLUMN more{n} INT DEFAULT 0, LOCK=EXCLUSIVE, ALGORITHM=COPY",
        "OPTIMIZE TABLE own",
        "UPDATE own SET cover = CONCAT(cover, '-') WHERE id % 7 = 3",
        "UPDATE own SET created_at = '2026-12-01' WHERE id % 7 = 3",
        "DELETE FROM own WHERE id % 7 = 3",
        "INSERT INTO own SET id = 1000 + {n}, created_at = '2026-11-01'",
    ],
)
def test_rows_that_do_not_change_are_read_once_whatever_happens_to_the_others(
    database: Database, table: str, statement: str
) -> None:
    """Each statement would wait for ever, or for the lock's time-out, behind an open read."""
    calls = 0

    def change(_: int) -> None:
        nonlocal calls
        calls += 1
        database.run("SET lock_wait_timeout = 1", statement.format(n=calls))

    read = covers_read(database.source(table, page_rows=7), change)
    assert calls > 5
    fixed = [f"u{n}" for n in range(ROWS) if n % 7 != 3]
    assert sorted(cover for cover in map(str, read) if cover in fixed) == sorted(fixed)


def test_a_table_without_a_key_is_not_locked_while_its_rows_are_sent(
    database: Database, name: str
) -> None:
    database.run(f"CREATE TABLE `{name}` (n INT, {COVERS})")
    database.fill(name, [f"({n}, 'c', 'u{n}', '2026-11-01')" for n in range(ROWS)])

    def change(_: int) -> None:
        database.run("SET lock_wait_timeout = 1", f"OPTIMIZE TABLE `{name}`")

    assert len(covers_read(database.source(name, page_rows=7), change)) == ROWS


def test_a_key_that_is_altered_during_the_read_is_noticed(database: Database, table: str) -> None:
    """Rows with equal keys could be skipped at the end of a page."""

    def change(found: int) -> None:
        if found == 7:
            database.run(
                f"ALTER TABLE `{table}` DROP PRIMARY KEY, ADD COLUMN other INT AUTO_INCREMENT"
                " PRIMARY KEY"
            )

    with pytest.raises(UserError, match="was altered while it was read"):
        covers_read(database.source(table, page_rows=7), change)


def test_a_query_returns_fewer_rows_if_they_are_long(database: Database, name: str) -> None:
    database.run(f"CREATE TABLE `{name}` (id INT PRIMARY KEY, {COVERS})")
    long = f"REPEAT('x', {1 << 20})"
    database.fill(name, [f"({n}, 'c', {long}, '2026-11-01')" for n in range(24)])
    sizes = [len(page.rows) for page in pages_of(database.source(name, page_rows=8))]
    assert sizes[0] == 8
    assert max(sizes[1:]) <= 4
    assert sum(sizes) == 24


def test_a_rate_is_kept(database: Database, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("stream_ingest.sources.mysql.table._sleep", sleep)
    source = MySqlSource(
        database.address,
        table,
        MYSQL_COLUMNS,
        selection=Selection(),
        page_rows=10,
        rows_per_s=1,
    )
    assert sum(len(page.rows) for page in pages_of(source)) == ROWS
    assert 9 < slept[0] <= 10
    assert 19 < slept[1] <= 20
