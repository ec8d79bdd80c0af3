"""Paging over keys of every type, on a real MariaDB: it ends, and reads each row once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stream_ingest.sources.mysql.keys import to_portable
from stream_ingest.sources.source import NotResumableError
from tests.fakes.ingest.mysql import Database, pages_of, rows_of

ROWS = 60
COVERS = "creator VARCHAR(50), cover TEXT, created_at DATETIME NOT NULL"


def hours(n: int) -> str:
    """Return a TIME from -838 to 838 hours, some with a fraction."""
    whole = -838 + n * 28
    return f"'{'-' if whole < 0 else ''}{abs(whole)}:{n % 60:02d}:59.{n:06d}'"


KEYS = {
    "TIME(6)": hours,
    "TIME": lambda n: f"'{n * 14}:00:00'",
    "YEAR": lambda n: "0" if n == 0 else f"{1_901 + n}",
    "TINYINT": lambda n: f"{n - 30}",
    "BIGINT UNSIGNED": lambda n: f"{18_446_744_073_709_551_615 - n}",
    "BIT(16)": lambda n: f"b'{n * 521:016b}'",
    "BINARY(4)": lambda n: f"x'{n * 4:02x}000080'",
    "VARBINARY(4)": lambda n: f"x'{n:02x}{'00' * (n % 3)}'",
    "DECIMAL(20,6)": lambda n: f"{(n - 30) * 1.5}",
    "DECIMAL(65,30)": lambda n: f"{n - 30}.000000000000000000000000000001",
    "FLOAT": lambda n: f"{n / 7}",
    "DOUBLE": lambda n: f"{n / 7}",
    "ENUM": lambda n: f"'v{n}'",
    "SET('a','b','c','d','e','f')": lambda n: f"{n}",
    "VARCHAR(9) COLLATE utf8mb4_general_ci": lambda n: f"'{'aBoZßé'[n % 6]}{chr(65 + n // 6)}'",
    "VARCHAR(9) COLLATE utf8mb4_bin": lambda n: f"'{chr(65 + n)} '",
    "VARCHAR(9) COLLATE utf8mb4_unicode_nopad_ci": lambda n: f"'x{' ' * (n % 8)}{n // 8}'",
    "VARCHAR(70) COLLATE utf8mb4_nopad_bin": lambda n: f"'x{' ' * n}'",
    "CHAR(5) CHARACTER SET latin1 COLLATE latin1_bin": lambda n: f"'{chr(0xC0 + n)}'",
    "CHAR(5) CHARACTER SET utf16 COLLATE utf16_bin": lambda n: f"'{chr(0x1F600 + n)}'",
    "DATE": lambda n: "'0000-00-00'" if n == 0 else f"'1999-{1 + n // 28:02d}-{n % 28:02d}'",
    "DATETIME(6)": lambda n: f"'2026-10-25 02:{n:02d}:00.{n:06d}'",
    "TIMESTAMP(3) DEFAULT 0": lambda n: f"'2026-10-25 01:00:00.{n:03d}'",
    "UUID": lambda n: f"'{n * 7 % 64:08x}-0000-1000-8000-{n:012x}'",
    "INET6": lambda n: f"'2001:db8::{n * 7 % 64:x}'",
}


UNFIT = {"BIT", "FLOAT", "DOUBLE", "ENUM", "SET"}


@pytest.mark.parametrize("is_by_time", [False, True])
@pytest.mark.parametrize("kind", KEYS)
def test_each_row_is_read_once_whatever_the_type_of_its_key_is(
    database: Database,
    name: str,
    kind: str,
    is_by_time: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    values = ", ".join(f"'v{n * 7 % ROWS}'" for n in range(ROWS))
    column = f"ENUM({values})"
    index = "KEY (created_at)" if is_by_time else "KEY (creator)"
    database.run(
        f"CREATE TABLE `{name}` (id {column if kind == 'ENUM' else kind} PRIMARY KEY, {COVERS},"
        f" {index}) CHARSET utf8mb4"
    )
    value = KEYS[kind]
    database.fill(name, [f"({value(n)}, 'c', 'u{n}', '2026-11-0{n % 3 + 1}')" for n in range(ROWS)])
    source = database.source(name, page_rows=7)
    pages = pages_of(source)
    read = [row[1] for page in pages for row in page.rows]
    assert sorted(map(str, read)) == sorted(f"u{n}" for n in range(ROWS))
    if kind.partition("(")[0] in UNFIT:  # read by one query
        with pytest.raises(NotResumableError):
            rows_of(source, pages[0].cursor)
        return
    for index_of_page in (0, len(pages) // 2):
        rest = [row for page in pages[index_of_page + 1 :] for row in page.rows]
        assert rows_of(source, pages[index_of_page].cursor) == rest


def test_another_unique_key_is_used_if_the_primary_one_cannot_be(
    database: Database, name: str
) -> None:
    database.run(
        f"CREATE TABLE `{name}` (id DOUBLE PRIMARY KEY, n INT NOT NULL, {COVERS}, UNIQUE (n))"
    )
    database.fill(name, [f"({n / 7}, {n}, 'c', 'u{n}', '2026-11-01')" for n in range(ROWS)])
    pages = pages_of(database.source(name))
    assert pages[0].cursor == (3,)
    assert sum(len(page.rows) for page in pages) == ROWS


def test_names_are_found_in_any_case(database: Database, name: str) -> None:
    database.run(
        f"CREATE TABLE `{name}` (ID INT PRIMARY KEY, Creator TEXT, COVER TEXT,"
        " Created_At DATETIME NOT NULL, KEY (Created_At))"
    )
    database.fill(name, ["(1, 'c', 'u', '2026-11-01')"])
    assert len(rows_of(database.source("OWN"))) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(hours=25), "25:00:00.000000"),
        (timedelta(hours=838, minutes=59, seconds=59), "838:59:59.000000"),
        (-timedelta(hours=30, seconds=1, microseconds=5), "-30:00:01.000005"),
        (timedelta(), "00:00:00.000000"),
    ],
)
def test_times_are_written_as_mysql_writes_them(value: timedelta, text: str) -> None:
    assert to_portable(value, "time") == text


def test_years_have_four_digits() -> None:
    assert to_portable(0, "year") == "0000"
