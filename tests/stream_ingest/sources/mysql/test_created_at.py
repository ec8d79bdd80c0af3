"""Ranges over columns of every type that has times, on a real MariaDB."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.timestamps import from_epoch_ms
from stream_ingest.contracts.zones import parse_zone
from stream_ingest.records.dates import read_moment
from stream_ingest.sources.timerange import TimeRange
from tests.fakes.ingest.mysql import Database, rows_of

START = datetime(2026, 10, 24, 20, tzinfo=UTC)
MOMENTS = [START + n * timedelta(minutes=40) for n in range(18)]
"""Twelve hours; in Berlin, clocks go back after five of them."""
DAYS = [START.date() + timedelta(days=n) for n in range(18)]


def wall(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(parse_zone(zone))


TYPES: dict[str, tuple[str, Callable[[datetime, str], str]]] = {
    "seconds": ("INT NOT NULL", lambda t, _: f"{t.timestamp():.0f}"),
    "nullable seconds": ("INT", lambda t, _: f"{t.timestamp():.0f}"),
    "milliseconds": ("BIGINT UNSIGNED NOT NULL", lambda t, _: f"{t.timestamp() * 1_000:.0f}"),
    "microseconds": ("BIGINT NOT NULL", lambda t, _: f"{t.timestamp() * 1_000_000:.0f}"),
    "nanoseconds": ("BIGINT NOT NULL", lambda t, _: f"{t.timestamp():.0f}000000000"),
    "float seconds": ("DOUBLE NOT NULL", lambda t, _: f"{t.timestamp():.3f}"),
    "decimal": ("DECIMAL(20,6) NOT NULL", lambda t, _: f"{t.timestamp():.6f}"),
    "digits": ("BIGINT NOT NULL", lambda t, z: f"{wall(t, z):%Y%m%d%H%M%S}"),
    "minutes": ("BIGINT NOT NULL", lambda t, z: f"{wall(t, z):%Y%m%d%H%M}"),
    "mixed": (
        "BIGINT NOT NULL",
        lambda t, _: f"{t.timestamp() * (1 if t.hour % 2 else 1_000):.0f}",
    ),
    "iso text": ("VARCHAR(40) NOT NULL", lambda t, z: f"'{wall(t, z):%Y-%m-%d %H:%M:%S}'"),
    "iso text with T": ("TEXT", lambda t, _: f"'{t:%Y-%m-%dT%H:%M:%SZ}'"),
    "text with offset": ("VARCHAR(40)", lambda t, _: f"'{wall(t, '+09:00').isoformat()}'"),
    "slashes": ("VARCHAR(40)", lambda t, z: f"'{wall(t, z):%Y/%m/%d %H:%M}'"),
    "text of digits": ("CHAR(13)", lambda t, _: f"'{t.timestamp() * 1_000:.0f}'"),
    "datetime": ("DATETIME NOT NULL", lambda t, z: f"'{wall(t, z):%Y-%m-%d %H:%M:%S}'"),
    "datetime(6)": ("DATETIME(6) NOT NULL", lambda t, z: f"'{wall(t, z):%Y-%m-%d %H:%M:%S.%f}'"),
    "timestamp": ("TIMESTAMP(3) NOT NULL", lambda t, _: f"'{t:%Y-%m-%d %H:%M:%S}'"),
}


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize("index", ["KEY (created_at)", "KEY (creator)"])
@pytest.mark.parametrize("kind", TYPES)
def test_a_range_has_the_rows_whose_time_is_in_it(
    database: Database, name: str, kind: str, index: str, zone: str
) -> None:
    """The time is what is read of the row: of an hour that is repeated, the first pass."""
    column, literal = TYPES[kind]
    if "TEXT" in column:
        index = "KEY (creator)"
    database.create(name, column, index)
    database.fill(name, [f"({n}, 'c', 'u{n}', {literal(t, zone)})" for n, t in enumerate(MOMENTS)])
    rows = rows_of(database.source(name, zone=zone))
    read = {str(row[1]): from_epoch_ms(read_moment(row[2])) for row in rows}
    assert len(read) == len(MOMENTS)
    if zone != "Europe/Berlin":
        assert read == {f"u{n}": moment for n, moment in enumerate(MOMENTS)}
    for split in (MOMENTS[5], MOMENTS[8] + timedelta(minutes=7), MOMENTS[10]):
        earlier, later = (
            {str(row[1]) for row in rows_of(database.source(name, within=within, zone=zone))}
            for within in (TimeRange(until=split), TimeRange(since=split))
        )
        assert earlier == {cover for cover, moment in read.items() if moment < split}
        assert later == {cover for cover, moment in read.items() if moment >= split}


@pytest.mark.parametrize(
    ("column", "literal"),
    [
        ("DATE", lambda day: f"'{day}'"),
        ("INT", lambda day: f"{day:%Y%m%d}"),
        ("VARCHAR(10)", lambda day: f"'{day}'"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai"])
def test_days_are_in_the_range_if_their_midnight_is(
    database: Database, name: str, column: str, literal: Callable[[date], str], zone: str
) -> None:
    database.create(name, column)
    database.fill(name, [f"({n}, 'c', 'u{n}', {literal(day)})" for n, day in enumerate(DAYS)])
    midnight = datetime.combine(DAYS[7], datetime.min.time(), parse_zone(zone))
    for split, first in ((midnight, 7), (midnight + timedelta(hours=1), 8)):
        later = rows_of(database.source(name, within=TimeRange(since=split), zone=zone))
        assert [row[1] for row in later] == [f"u{n}" for n in range(first, 18)]
        earlier = rows_of(database.source(name, within=TimeRange(until=split), zone=zone))
        assert [row[1] for row in earlier] == [f"u{n}" for n in range(first)]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("INT", ["NULL", "0", "-5", "12345"]),
        ("DATETIME", ["NULL", "'0000-00-00'"]),
        ("VARCHAR(40)", ["NULL", "''", "'unknown'"]),
    ],
)
def test_what_is_no_time_is_in_no_range_and_stops_nothing(
    database: Database, name: str, column: str, values: list[str]
) -> None:
    database.create(name, column)
    good = {"INT": "1793534400"}.get(column, "'2026-11-01 12:00:00'")
    rows = [*values, *[good] * 60]
    database.fill(name, [f"({n}, 'c', 'u{n}', {value})" for n, value in enumerate(rows)])
    assert len(rows_of(database.source(name))) == len(rows)
    within = TimeRange(since=datetime(2026, 1, 1, tzinfo=UTC))
    assert len(rows_of(database.source(name, within=within))) == 60
    until = TimeRange(until=datetime(2026, 1, 1, tzinfo=UTC))
    assert [row[2] for row in rows_of(database.source(name, within=until))] in (
        [],
        ["0000-00-00 00:00:00"],
    )


@pytest.mark.parametrize("column", ["TIME", "YEAR", "BIT(9)", "ENUM('a')", "TINYINT"])
def test_a_type_without_times_is_refused_by_name(
    database: Database, name: str, column: str
) -> None:
    database.create(name, column)
    with pytest.raises(UserError, match="which has no date and time; choose another with"):
        asyncio.run(database.source(name).check())


def test_text_that_does_not_say_which_day_it_means_is_refused_at_once(
    database: Database, name: str
) -> None:
    database.create(name, "VARCHAR(20)")
    database.fill(name, ["(1, 'c', 'u', '2026-11-01')", "(2, 'c', 'v', '01/02/2026')"])
    assert len(rows_of(database.source(name))) == 2
    within = TimeRange(until=datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(UserError, match="'01/02/2026', which cannot be compared with a time"):
        rows_of(database.source(name, within=within))


def test_the_unit_of_numbers_is_said(database: Database, name: str) -> None:
    database.create(name, "BIGINT")
    database.fill(name, ["(1, 'c', 'u', 1793534400)", "(2, 'c', 'v', 1793534400000)"])
    notes = asyncio.run(database.source(name).snapshot()).notes
    assert notes == ("created_at has epoch milliseconds", "created_at has epoch seconds")
