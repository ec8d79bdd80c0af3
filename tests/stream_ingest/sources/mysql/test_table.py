"""Pages of a real MariaDB: complete, in order, resumable; errors of one line."""

from __future__ import annotations

import asyncio
import string
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from stream_ingest.cli.csv_export import export_rows
from stream_ingest.sources.csv_file import CsvSource
from stream_ingest.sources.mysql.connection import database_now
from stream_ingest.sources.source import CSV_COLUMNS, Columns, NotResumableError
from stream_ingest.sources.timerange import TimeRange
from tests.fakes.ingest.mysql import Database, pages_of, rows_of

BACKWARDS = ",".join(f"'{letter}'" for letter in reversed(string.ascii_lowercase))
COVERS = "creator VARCHAR(50), cover LONGTEXT, created_at DATETIME NOT NULL"


def covers(database: Database, table: str) -> list[object]:
    return [row[1] for row in rows_of(database.source(table))]


def check_resuming(database: Database, table: str) -> None:
    """Whatever page was the last, its cursor leads to exactly the rest, also out of a file."""
    source = database.source(table)
    pages = pages_of(source)
    assert len(pages) > 2
    for index, page in enumerate(pages):
        stored = msgspec.msgpack.decode(msgspec.msgpack.encode(page.cursor), type=tuple)
        rest = [row for each in pages[index + 1 :] for row in each.rows]
        assert rows_of(source, stored) == rest


@pytest.mark.parametrize(
    ("key", "indexes", "order"),
    [
        ("id INT PRIMARY KEY", "KEY (created_at)", "created_at, id"),
        ("id INT PRIMARY KEY", "KEY (created_at, creator)", "created_at, id"),
        ("id INT PRIMARY KEY", "KEY (creator, created_at)", "id"),
        ("id INT PRIMARY KEY", "KEY (creator)", "id"),
        ("id INT", "PRIMARY KEY (creator, id), KEY (created_at)", "created_at, creator, id"),
        ("id INT", "PRIMARY KEY (creator, id)", "creator, id"),
        ("id INT", "PRIMARY KEY (created_at, id)", "created_at, id"),
        ("id INT", "PRIMARY KEY (id, created_at), KEY (created_at)", "created_at, id"),
        ("id VARCHAR(9) PRIMARY KEY", "KEY (created_at)", "created_at, id"),
        ("id BINARY(4) PRIMARY KEY", "KEY (created_at)", "created_at, id"),
        ("id DECIMAL(20,3) PRIMARY KEY", "KEY (created_at)", "created_at, id"),
        ("id DATE PRIMARY KEY", "KEY (created_at)", "created_at, id"),
        (f"id ENUM({BACKWARDS}) PRIMARY KEY", "KEY (created_at)", None),
        ("id DOUBLE PRIMARY KEY", "KEY (created_at)", None),
        ("id INT", "KEY (created_at)", None),
    ],
)
def test_every_row_is_read_once_in_the_order_of_a_key(
    database: Database, name: str, key: str, indexes: str, order: str | None
) -> None:
    """Pages of 4 rows, 26 rows on 3 dates: pages end in the middle of equal moments."""
    database.run(f"CREATE TABLE `{name}` ({key}, {COVERS}, {indexes})")
    values = {
        "VARCHAR": lambda n: f"'{chr(97 + n)}'",
        "BINARY": lambda n: f"x'{n:02x}ff0080'",
        "DECIMAL": lambda n: f"{n}.125",
        "DATE": lambda n: f"'2026-01-{n + 1:02d}'",
        "ENUM": lambda n: f"'{chr(97 + n)}'",
    }
    kind = key.split()[1].partition("(")[0]
    value = values.get(kind, lambda n: str(n * 7 % 101))
    database.fill(
        name,
        [f"({value(n)}, 'c{n % 5}', 'u{n}', '2026-11-0{n % 3 + 1}')" for n in range(26)],
    )
    read = covers(database, name)
    assert sorted(map(str, read)) == sorted(f"u{n}" for n in range(26))
    if order is None:
        check_not_resumable(database, name)
        return
    by_key = database.run(f"SELECT cover FROM `{name}` ORDER BY {order}")  # noqa: S608 - a test's own
    assert read == [cover for (cover,) in by_key]
    check_resuming(database, name)


def check_not_resumable(database: Database, table: str) -> None:
    """Rows were skipped by their number: if some had been deleted, as many others were lost."""
    source = database.source(table)
    first = pages_of(source)[0]
    with pytest.raises(NotResumableError, match=r"no usable key, .* cannot be continued"):
        pages_of(source, first.cursor)


def test_rows_without_a_time_are_read(database: Database, name: str) -> None:
    """They are refused at the entrance as bad_date, and so counted; an order by NULL loses them."""
    database.run(
        f"CREATE TABLE `{name}` (id INT PRIMARY KEY, creator TEXT, cover TEXT,"
        " created_at DATETIME NULL, KEY (created_at))"
    )
    database.fill(
        name,
        [f"({n}, 'c', 'u{n}', {'NULL' if n % 2 else repr('2026-11-01')})" for n in range(20)],
    )
    assert covers(database, name) == [f"u{n}" for n in range(20)]


def test_zero_dates_do_not_stop_reading(database: Database, name: str) -> None:
    """MySQL's date that is none sorts first, and a page may end on it."""
    database.run(f"CREATE TABLE `{name}` (id INT PRIMARY KEY, {COVERS}, KEY (created_at))")
    database.fill(
        name,
        [f"({n}, 'c', 'u{n}', '{'0000-00-00' if n < 10 else '2026-11-01'}')" for n in range(15)],
    )
    assert covers(database, name) == [f"u{n}" for n in range(15)]
    check_resuming(database, name)


def test_microseconds_are_part_of_the_order(database: Database, name: str) -> None:
    database.run(
        f"CREATE TABLE `{name}` (id INT PRIMARY KEY, creator TEXT, cover TEXT,"
        " created_at DATETIME(6) NOT NULL, KEY (created_at))"
    )
    database.fill(name, [f"({n}, 'c', 'u{n}', '2026-11-01 00:00:00.{n:06d}')" for n in range(20)])
    assert covers(database, name) == [f"u{n}" for n in range(20)]
    check_resuming(database, name)
    assert rows_of(database.source(name))[7][2] == datetime(2026, 11, 1, 0, 0, 0, 7)  # noqa: DTZ001 - as MySQL gives it


def test_an_empty_table_has_no_page(database: Database, name: str) -> None:
    for key in ("PRIMARY KEY", ""):
        database.run(f"CREATE OR REPLACE TABLE `{name}` (id INT {key}, {COVERS})")
        assert pages_of(database.source(name)) == []


def test_a_view_can_be_read(database: Database, name: str) -> None:
    database.run(
        f"CREATE TABLE `{name}` (id INT PRIMARY KEY, {COVERS})",
        f"CREATE OR REPLACE VIEW own_view AS SELECT creator, cover, created_at FROM `{name}`",  # noqa: S608 - as above
    )
    database.fill(name, [f"({n}, 'c', 'u{n}', '2026-11-01')" for n in range(10)])
    assert len(rows_of(database.source("own_view"))) == 10


def test_columns_may_have_any_name_and_kind(database: Database, name: str) -> None:
    database.run(
        f"CREATE TABLE `{name}` (id INT PRIMARY KEY, `50%` VARCHAR(9), `a``b` BLOB, `select` DATE)"
    )
    database.fill(name, ["(1, 'ann', x'68ff', '2026-11-01')"])
    columns = Columns(creator="50%", cover="a`b", created_at="select")
    assert rows_of(database.source(name, columns)) == [("ann", b"h\xff", date(2026, 11, 1))]


def test_the_range_holds_its_beginning_and_not_its_end(database: Database, name: str) -> None:
    database.run(f"CREATE TABLE `{name}` (id INT PRIMARY KEY, {COVERS}, KEY (created_at))")
    start = datetime(2026, 11, 1, tzinfo=UTC)
    moments = [start + timedelta(seconds=n) for n in range(20)]
    database.fill(name, [f"({n}, 'c', 'u{n}', '{m:%F %T}')" for n, m in enumerate(moments)])
    for within, wanted in (
        (TimeRange(), range(20)),
        (TimeRange(since=moments[5]), range(5, 20)),
        (TimeRange(until=moments[15]), range(15)),
        (TimeRange(since=moments[5], until=moments[15]), range(5, 15)),
        (TimeRange(since=moments[19] + timedelta(seconds=1)), range(0)),
    ):
        read = rows_of(database.source(name, within=within))
        assert [row[1] for row in read] == [f"u{n}" for n in wanted]


@pytest.mark.parametrize("charset", ["utf8mb4", "latin1"])
def test_only_the_creators_that_were_named_are_read(
    database: Database, name: str, charset: str
) -> None:
    """A collation may hold `Zoe`, `zoë` and `Zoë` for one; to us, only ` @Zoë` is the last."""
    database.run(
        f"CREATE TABLE `{name}` (id INT PRIMARY KEY, {COVERS}, KEY (creator)) CHARSET {charset}"
    )
    creators = ["Zoë", "zoë", "Zoe", "ann", "O\\'Hara", "50%", " @Zoë\u00a0"]
    database.fill(
        name,
        [f"({n}, '{creators[n % 7]}', 'u{n}', '2026-11-01')" for n in range(28)],
    )
    chosen = ["Zoë", "O'Hara", "50%", "nobody"]
    read = rows_of(database.source(name, creators=chosen))
    assert [row[1] for row in read] == [f"u{n}" for n in range(28) if n % 7 in {0, 4, 5, 6}]


def test_a_raw_export_of_a_table_is_what_a_push_of_the_file_reads(
    database: Database, name: str, tmp_path: Path
) -> None:
    database.run(f"CREATE TABLE `{name}` (id INT PRIMARY KEY, {COVERS}) CHARSET utf8mb4")
    database.fill(
        name,
        [f"({n}, '🎉{n}', '{{\"a\":\n\"{n}\"}}', '2026-11-01 12:00:00')" for n in range(10)],
    )
    path, source = tmp_path / "export.csv", database.source(name)
    assert asyncio.run(export_rows(source, path, raw=True, now_s=0, progress=print)).rows == 10

    async def read() -> list[object]:
        file = CsvSource(path, CSV_COLUMNS, within=TimeRange())
        return [row async for page in file.pages() for row in page.rows]

    assert asyncio.run(read()) == [(row[0], row[1], str(row[2])) for row in rows_of(source)]


def test_the_databases_clock_is_utc_in_whole_seconds(database: Database) -> None:
    moment = asyncio.run(database_now(database.address))
    assert moment.tzinfo is UTC
    assert moment.microsecond == 0
    assert abs(moment - datetime.now(UTC)) < timedelta(hours=1)


def test_a_session_uses_utc_and_no_sql_mode(database: Database) -> None:
    """NO_BACKSLASH_ESCAPES or NO_ZERO_DATE of a server must not change what is read."""
    assert database.run("SELECT @@session.time_zone, @@session.sql_mode") == (("+00:00", ""),)
