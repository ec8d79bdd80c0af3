"""Late rows in a real MariaDB: found by their key, read once, resumable."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest

from ops_dashboard.local.mysql.server import create_schema
from stream_ingest.sources.mysql.table import MySqlSource
from stream_ingest.sources.source import MYSQL_COLUMNS, Selection
from stream_ingest.sources.timerange import TimeRange
from tests.fakes.ingest.mysql import Database, pages_of, rows_of

COVERS = "creator VARCHAR(50), cover LONGTEXT, created_at DATETIME NOT NULL"
SINCE = datetime(2026, 11, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def database(mariadb_url: str) -> Database:
    asyncio.run(create_schema(mariadb_url))
    return Database(mariadb_url)


@pytest.fixture(params=["KEY (created_at)", "KEY (creator)"])
def table(database: Database, request: pytest.FixtureRequest) -> Iterator[str]:
    """A table of 40 rows: every third was created before the range, and keys rise."""
    database.run(
        f"CREATE TABLE late (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, {COVERS},"
        f" {request.param})"
    )
    days = [1 if n % 3 == 0 else 10 + n % 4 for n in range(1, 41)]
    values = ", ".join(f"({n}, 'c', 'u{n}', '2026-11-{day:02d}')" for n, day in enumerate(days, 1))
    database.run(f"INSERT INTO late VALUES {values}")  # noqa: S608 - a test's own values
    yield "late"
    database.run("DROP TABLE late")


def source(database: Database, table: str, **fields: object) -> MySqlSource:
    chosen = msgspec.structs.replace(Selection(within=TimeRange(since=SINCE)), **fields)
    return MySqlSource(database.address, table, MYSQL_COLUMNS, selection=chosen, page_rows=3)


def covers(rows: list[tuple[object, object, object]]) -> list[object]:
    return [row[1] for row in rows]


def test_late_rows_are_read_once_besides_the_range(database: Database, table: str) -> None:
    read = covers(rows_of(source(database, table, late_after=20)))
    wanted = [f"u{n}" for n in range(1, 41) if n % 3 or n > 20]
    assert sorted(map(str, read)) == sorted(wanted)


def test_a_push_is_resumed_in_the_range_and_among_late_rows(database: Database, table: str) -> None:
    late = source(database, table, late_after=20)
    pages = pages_of(late)
    for index, page in enumerate(pages):
        cursor = msgspec.msgpack.decode(msgspec.msgpack.encode(page.cursor), type=tuple)
        assert rows_of(late, cursor) == [row for each in pages[index + 1 :] for row in each.rows]


def test_rows_are_read_by_their_key_alone(database: Database, table: str) -> None:
    read = covers(rows_of(source(database, table, late_after=37, by_key=True)))
    assert read == ["u38", "u39", "u40"]


def test_rows_of_an_earlier_push_are_known_by_time_and_key(database: Database, table: str) -> None:
    before = datetime(2026, 11, 12, tzinfo=UTC)
    known = source(database, table, late_after=20, read_before=before, read_key=30)
    again = {page.rows[index][1] for page in pages_of(known) for index in page.again}
    days = {n: 1 if n % 3 == 0 else 10 + n % 4 for n in range(1, 41)}
    wanted = {f"u{n}" for n in range(1, 31) if days[n] < 12 and (n % 3 or n > 20)}
    assert again == wanted


def test_a_snapshot_has_the_greatest_key_and_the_one_before_a_moment(
    database: Database, table: str
) -> None:
    future = datetime(2027, 1, 1, tzinfo=UTC)
    found = asyncio.run(source(database, table).snapshot(SINCE, future))
    assert (found.key, found.keys_before) == (40, (0, 40))
    assert found.now.tzinfo is UTC


def test_a_table_without_an_increasing_key_has_no_key(database: Database) -> None:
    database.run(f"CREATE TABLE other (id INT PRIMARY KEY, {COVERS}, KEY (created_at))")
    found = asyncio.run(source(database, "other").snapshot(SINCE))
    assert (found.key, found.keys_before) == (None, ())
    database.run("DROP TABLE other")


def test_an_empty_table_has_key_zero(database: Database, table: str) -> None:
    database.run(f"DELETE FROM {table}")  # noqa: S608 - a test's own table
    assert asyncio.run(source(database, table).snapshot(SINCE)).keys_before == (0,)
