from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.contracts.timestamps import from_epoch_ms
from stream_ingest.records.dates import DateError, read_moment

NOON = datetime(2025, 1, 19, 12, tzinfo=UTC)
DAY = NOON.replace(hour=0)


def read(value: object, *, day_first: bool | None = None) -> datetime:
    return from_epoch_ms(read_moment(value, day_first=day_first))


@pytest.mark.parametrize(
    "value",
    [
        "2025-01-19 12:00:00",
        "2025-01-19T12:00:00Z",
        "2025-01-19 12:00",
        "2025-1-19 12:00",
        "2025/01/19 12:00:00",
        "2025.01.19 12:00",
        "2025-01-19 12:00:00 UTC",
        "2025-01-19T12:00:00 GMT",
        "2025-01-19T12:00:00+0000",
        "2025-01-19T13:00:00+01:00",
        "2025-1-19 7:00:00 -0500",
        "2025-01-19 12:00:00.000000000",
        " 2025-01-19 12:00:00\t",
        "20250119120000",
        "202501191200",
        "20250119T120000Z",
        "1737288000",
        "1737288000.0",
        "1737288000000",
        "1737288000000000",
        "1737288000000000000",
        "1.737288e9",
        1737288000,
        1737288000.0,
        1737288000000,
        Decimal("1737288000.000"),
        20250119120000,
        b"2025-01-19 12:00:00",
        "Sun, 19 Jan 2025 12:00:00 +0000",
        "Sun, 19 Jan 2025 12:00:00 GMT",
        "Sun Jan 19 12:00:00 +0000 2025",
        "Jan 19, 2025 12:00",
        "19 Jan 2025 12:00",
        "19.01.2025 12:00",
        "19/01/2025 12:00:00",
        "01/19/2025 12:00 PM",
        "1/19/2025, 12:00:00 pm",
        NOON,
        NOON.replace(tzinfo=None),
        NOON.astimezone(timezone(timedelta(hours=9))),
    ],
)
def test_every_usual_form_of_a_moment_is_read(value: object) -> None:
    assert read(value) == NOON


@pytest.mark.parametrize(
    "value",
    [
        "2025-01-19",
        "2025-1-19",
        "2025/1/19",
        "20250119",
        20250119,
        "19.1.2025",
        "19-01-2025",
        "Jan 19, 2025",
        "19 January 2025",
        "19-Jan-2025",
        "2025-01-18 24:00",
        date(2025, 1, 19),
    ],
)
def test_every_usual_form_of_a_day_is_its_first_moment(value: object) -> None:
    assert read(value) == DAY


def test_milliseconds_are_not_taken_for_a_date_of_the_year_1712() -> None:
    """`datetime.fromisoformat` reads them as 17120111, a separator, and 20:00."""
    assert read("1712011112000") == datetime(2024, 4, 1, 22, 38, 32, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2025-01-19 12:00:00.123456789", "1737288000.123456789"])
def test_a_fraction_of_any_length_is_cut_to_milliseconds(text: str) -> None:
    assert read(text) == NOON + timedelta(milliseconds=123)


def test_day_and_month_are_not_guessed() -> None:
    with pytest.raises(DateError, match="day 1 of month 2, or day 2 of month 1"):
        read("01/02/2025")
    assert read("01/02/2025", day_first=True) == datetime(2025, 2, 1, tzinfo=UTC)
    assert read("01/02/2025", day_first=False) == datetime(2025, 1, 2, tzinfo=UTC)
    assert read("02/02/2025") == datetime(2025, 2, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        *("", "soon", "2025", "45676", "2025-13-01", "2025-02-30", "31/02/2025", "99999999999999"),
        *("12345678901", "2025-01-19 25:00", "2025-01-19 24:01", "1/19/2025 13:00 PM", "nan"),
        *("0001-01-01T00:00:00+01:00", "١٧٣٧٢٨٨٠٠٠", "-5", "1e999", "2025-01-19 12:00 junk"),
        *(None, True, [], {}, float("nan"), float("inf"), Decimal("NaN"), -1, 0),
    ],
)
def test_anything_else_is_no_date(value: object) -> None:
    with pytest.raises(DateError):
        read(value)


@given(st.datetimes(min_value=datetime(2002, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001 - hypothesis wants naive bounds
def test_forms_that_computers_write_are_read_back(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    for text in (
        moment.isoformat(),
        f"{moment:%Y-%m-%d %H:%M:%S}",
        f"{moment:%Y%m%d%H%M%S}",
        str(int(moment.timestamp())),
        str(1_000 * int(moment.timestamp())),
        format_datetime(moment),
        f"{moment:%a %b %d %H:%M:%S %z %Y}",
    ):
        assert read(text) == moment, text


@given(st.text(max_size=30) | st.integers() | st.floats() | st.binary(max_size=20))
def test_no_value_raises_anything_else(value: object) -> None:
    try:
        read_moment(value)
    except DateError:
        return
