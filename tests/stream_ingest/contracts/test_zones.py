from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.contracts.date_form import DateForm
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.timestamps import from_epoch_ms
from stream_ingest.contracts.zones import earliest_wall, from_wall, parse_zone, settled_at, to_wall
from stream_ingest.records.dates import read_moment

BERLIN = parse_zone("Europe/Berlin")
BACK = datetime(2026, 10, 25, 1, tzinfo=UTC)
"""Clocks in Berlin go back from 03:00 to 02:00."""
FORWARD = datetime(2026, 3, 29, 1, tzinfo=UTC)
"""Clocks in Berlin go forward from 02:00 to 03:00."""
ZONES = [
    parse_zone(name)
    for name in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "+05:30", "UTC")
]
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)) | (  # noqa: DTZ001 - bounds
    st.integers(-7_200, 7_200).map(lambda seconds: BACK + timedelta(seconds=seconds))
)


@pytest.mark.parametrize(
    ("text", "offset_h"),
    [
        (None, 0),
        ("UTC", 0),
        ("utc", 0),
        ("Z", 0),
        ("+08:00", 8),
        ("+0800", 8),
        ("+8", 8),
        ("-03:30", -3.5),
        ("UTC+8", 8),
        ("GMT-5", -5),
        ("Asia/Shanghai", 8),
        ("Asia/Kolkata", 5.5),
        ("America/New_York", -5),
    ],
)
def test_a_zone_is_a_name_or_an_offset(text: str | None, offset_h: float) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    assert moment.astimezone(parse_zone(text)).utcoffset() == timedelta(hours=offset_h)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("CST", "more than one zone is called so"),
        ("local", "more than one zone"),
        ("asia/shanghai", "did you mean Asia/Shanghai?"),
        ("Europe/Berln", "did you mean Europe/Berlin?"),
        ("+15:00", "expected a zone such as Europe/Berlin"),
        ("+08:75", "expected a zone"),
        ("", "expected a zone"),
        ("../../etc/passwd", "expected a zone"),
    ],
)
def test_another_text_is_refused_with_what_to_write(text: str, said: str) -> None:
    with pytest.raises(UserError, match="--timezone") as caught:
        parse_zone(text)
    assert said in str(caught.value)


def test_a_time_of_a_repeated_hour_is_the_first_of_both() -> None:
    assert from_wall(datetime(2026, 10, 25, 2, 30), BERLIN) == BACK - timedelta(minutes=30)  # noqa: DTZ001 - a local time


def test_a_time_of_a_skipped_hour_is_as_much_later() -> None:
    assert from_wall(datetime(2026, 3, 29, 2, 30), BERLIN) == FORWARD + timedelta(minutes=30)  # noqa: DTZ001 - as above


@given(st.sampled_from(ZONES), MOMENTS)
def test_a_local_time_is_the_first_that_is_not_before_its_moment(
    zone: object, moment: datetime
) -> None:
    wall = to_wall(moment, zone)  # type: ignore[arg-type]  # hypothesis
    assert from_wall(wall, zone) >= moment  # type: ignore[arg-type]  # as above
    earlier = from_wall(wall - timedelta(seconds=1), zone)  # type: ignore[arg-type]  # as above
    assert earlier < moment or moment < FORWARD + timedelta(hours=1)


@given(st.sampled_from(ZONES), MOMENTS, st.integers(0, 30 * 3_600))
def test_no_clock_shows_an_earlier_time_than_the_earliest_wall(
    zone: object, moment: datetime, seconds: int
) -> None:
    later = (moment + timedelta(seconds=seconds)).astimezone(zone)  # type: ignore[arg-type]  # hypothesis
    assert later.replace(tzinfo=None) >= earliest_wall(moment, zone)  # type: ignore[arg-type]  # as above
    assert from_wall(later.replace(tzinfo=None), zone) >= settled_at(moment, zone)  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("2026-11-01 12:00:00", datetime(2026, 11, 1, 11, tzinfo=UTC)),
        ("2026-11-01", datetime(2026, 10, 31, 23, tzinfo=UTC)),
        ("20261101120000", datetime(2026, 11, 1, 11, tzinfo=UTC)),
        ("2026/11/01 12:00", datetime(2026, 11, 1, 11, tzinfo=UTC)),
        ("1 Nov 2026 12:00", datetime(2026, 11, 1, 11, tzinfo=UTC)),
        (datetime(2026, 11, 1, 12), datetime(2026, 11, 1, 11, tzinfo=UTC)),  # noqa: DTZ001 - a local time
        ("2026-11-01T12:00:00Z", datetime(2026, 11, 1, 12, tzinfo=UTC)),
        ("2026-11-01 12:00:00 UTC", datetime(2026, 11, 1, 12, tzinfo=UTC)),
        ("2026-11-01 12:00:00+08:00", datetime(2026, 11, 1, 4, tzinfo=UTC)),
        ("Sun, 01 Nov 2026 12:00:00 GMT", datetime(2026, 11, 1, 12, tzinfo=UTC)),
        ("Sun Nov 01 12:00:00 +0000 2026", datetime(2026, 11, 1, 12, tzinfo=UTC)),
        ("Nov 1 2026 12:00 UTC", datetime(2026, 11, 1, 12, tzinfo=UTC)),
        ("1793534400", datetime(2026, 11, 1, 12, tzinfo=UTC)),
    ],
)
def test_only_times_without_a_zone_are_in_the_zone_of_the_form(
    value: object, wanted: datetime
) -> None:
    assert from_epoch_ms(read_moment(value, DateForm(timezone="Europe/Berlin"))) == wanted
