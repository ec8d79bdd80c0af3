"""A server in local time is found out, and last_push loses no row on it; on a real MariaDB."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ops_dashboard.local.mysql.server import PrivateMariaDb, create_schema, find_mariadbd
from stream_ingest.contracts.date_form import DateForm
from stream_ingest.contracts.errors import UserError
from stream_ingest.push.marks import Mark, Wish, plan_reading
from stream_ingest.sources.mysql.table import MySqlSource
from stream_ingest.sources.source import MYSQL_COLUMNS, Snapshot
from stream_ingest.sources.timerange import TimeRange
from tests.fakes.ingest.mysql import Database, rows_of

EARLIER = timedelta(hours=9)
"""How far the zone of the servers here is behind UTC, or ahead of it."""


@pytest.fixture(scope="module", params=["-09:00", "+09:00"])
def local(request: pytest.FixtureRequest) -> Iterator[tuple[Database, str]]:
    """A database whose server is in local time, and its zone."""
    if find_mariadbd() is None:
        pytest.skip("MariaDB is not installed")
    with PrivateMariaDb(options=[f"--default-time-zone={request.param}"]) as server:
        asyncio.run(create_schema(server.url))
        yield Database(server.url), request.param


@pytest.fixture
def table(local: tuple[Database, str]) -> Iterator[str]:
    """A table whose server writes created_at, in its own local time."""
    database, _ = local
    database.run(
        "CREATE TABLE filled (id CHAR(8) PRIMARY KEY, creator TEXT, cover TEXT,"
        " created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, KEY (created_at))"
    )
    yield "filled"
    database.run("DROP TABLE filled")


def insert(local: tuple[Database, str], key: str) -> None:
    database, zone = local
    database.run(
        f"SET time_zone = '{zone}'",
        f"INSERT INTO filled (id, creator, cover) VALUES ('{key}', 'c', '{key}')",  # noqa: S608 - a test's own values
    )


def snapshot(local: tuple[Database, str], zone: str | None) -> Snapshot:
    return asyncio.run(local[0].source("filled", zone=zone).snapshot())


def covers_since(
    local: tuple[Database, str],
    mark: Mark,
    zone: str | None,
    overlap: timedelta = timedelta(hours=1),
    *,
    dedup: bool = True,
) -> set[object]:
    if mark.timezone != zone:
        mark = mark.in_zone(zone)
    wish = Wish(
        within=TimeRange(since=mark.until - overlap),
        last_push=True,
        overlap=overlap,
        dedup=dedup,
    )
    reading = plan_reading(wish, mark, snapshot(local, zone))
    selection = msgspec.structs.replace(reading.selection, dates=DateForm(timezone=zone))
    source = MySqlSource(local[0].address, "filled", MYSQL_COLUMNS, selection=selection)
    return {row[1] for row in rows_of(source)}


def test_a_local_clock_is_said(local: tuple[Database, str], table: str) -> None:
    assert table
    (note,) = snapshot(local, None).notes
    assert note.startswith("created_at is read as UTC, but the server's own clock, which fills")
    assert f"at {local[1]}: if its times are local" in note
    assert f"add --timezone {local[1]}" in note
    assert snapshot(local, local[1]).notes == ()
    assert snapshot(local, "UTC").notes == ()


def test_the_time_of_a_row_is_right_in_the_zone(local: tuple[Database, str], table: str) -> None:
    insert(local, "a")
    ((_, _, moment),) = rows_of(local[0].source(table, zone=local[1]))
    assert isinstance(moment, datetime)
    assert abs(moment.replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(hours=1)


@pytest.mark.parametrize("old", [None, "UTC", "local"])
@pytest.mark.parametrize("new", [None, "local"])
def test_no_row_after_the_mark_is_lost_whatever_zone_is_said_when(
    local: tuple[Database, str], table: str, old: str | None, new: str | None
) -> None:
    """The row is written nine hours before or after the mark, as its local time has it."""
    assert table
    old, new = (local[1] if each == "local" else each for each in (old, new))
    mark = Mark(until=snapshot(local, old).now, timezone=old)
    insert(local, "a")
    assert covers_since(local, mark, new) == {"a"}


def test_without_dedup_the_zone_has_to_be_said(local: tuple[Database, str], table: str) -> None:
    assert table
    mark = Mark(until=snapshot(local, None).now)
    with pytest.raises(UserError, match="Without dedup, last_push has to know it"):
        covers_since(local, mark, None, timedelta(), dedup=False)
    now = snapshot(local, local[1])
    assert now.settled == now.now


def test_a_column_of_timestamps_needs_no_zone(local: tuple[Database, str]) -> None:
    database, _ = local
    database.run(
        "CREATE OR REPLACE TABLE absolute (id INT PRIMARY KEY, creator TEXT, cover TEXT,"
        " created_at TIMESTAMP NOT NULL)",
        "INSERT INTO absolute VALUES (1, 'c', 'u', '2026-11-01 12:00:00')",
    )
    for zone in (None, local[1]):
        source = database.source("absolute", zone=zone)
        assert asyncio.run(source.snapshot()).notes == ()
        assert rows_of(source)[0][2] == datetime(2026, 11, 1, 12)  # noqa: DTZ001 - as MySQL gives it
