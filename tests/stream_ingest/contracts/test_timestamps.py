from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.contracts.timestamps import (
    EARLIEST_MS,
    LATEST_MS,
    as_utc,
    from_epoch_ms,
    from_epoch_s,
    iso_date,
    iso_second,
    parse_utc,
    to_epoch_ms,
)


@given(st.integers(EARLIEST_MS, LATEST_MS))
def test_milliseconds_survive_conversion_both_ways(value: int) -> None:
    """In floating point 1.001 s would come back as 1.000 s."""
    assert to_epoch_ms(from_epoch_ms(value)) == value


def test_the_bounds_are_those_of_datetime() -> None:
    assert from_epoch_ms(EARLIEST_MS).isoformat() == "0001-01-01T00:00:00+00:00"
    assert from_epoch_ms(LATEST_MS).isoformat() == "9999-12-31T23:59:59.999000+00:00"
    with pytest.raises(OverflowError):
        from_epoch_ms(LATEST_MS + 1)


def test_a_time_without_a_zone_is_utc() -> None:
    assert as_utc(datetime(2026, 11, 1)) == datetime(2026, 11, 1, tzinfo=UTC)  # noqa: DTZ001 - the point
    east = datetime(2026, 11, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert as_utc(east).isoformat() == "2026-11-01T00:00:00+00:00"


@pytest.mark.parametrize(
    "text", ["", "today", "2026-13-01", "0001-01-01T00:00+01:00", "1793534400"]
)
def test_an_invalid_date_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"isoformat|month|out of range"):
        parse_utc(text)


def test_seconds_are_those_of_utc_and_sort_as_text() -> None:
    east = datetime(2026, 11, 1, 2, 3, 4, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert iso_second(east) == "2026-11-01T00:03:04Z"
    moments = [iso_second(from_epoch_s(value)) for value in (0, 999_999_999, 1_793_577_600)]
    assert moments == sorted(moments)
    assert iso_date(1_793_577_600) < iso_second(from_epoch_s(1_793_577_600))


def test_dates_of_keys_are_utc() -> None:
    assert iso_date(1_793_577_599) == "2026-11-01"
    assert iso_date(1_793_577_600) == "2026-11-02"
    assert from_epoch_s(0) == datetime(1970, 1, 1, tzinfo=UTC)
