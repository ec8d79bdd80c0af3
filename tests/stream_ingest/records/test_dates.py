from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.contracts.date_form import parse_dates
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.timestamps import from_epoch_ms
from stream_ingest.records.dates import DateError, is_day_first, read_moment

NOON = datetime(2025, 1, 19, 12, tzinfo=UTC)
DAY = NOON.replace(hour=0)


def read(value: object, dates: str | None = None) -> datetime:
    return from_epoch_ms(read_moment(value, parse_dates(dates)))


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
        "2025-01-19 12:00:00,000",
        "2025-W03-7 12:00",
        "20250119120000.000",
        "20250119120000000",
        "1.737288E9",
        "2025-01-19 12:00:00 +0000 UTC",
        "2025-01-19 21:00:00 +09:00",
        "'2025-01-19 12:00",
        '"2025-01-19 12:00"',
        "\ufeff2025-01-19 12:00\u200b",
        "Sunday, January 19, 2025 at 12:00 PM",
        "Sun Jan 19 12:00:00 UTC 2025",
        "Sun Jan 19 12:00:00 2025",
        "Sun Jan 19 2025 13:00:00 GMT+0100 (Central European Standard Time)",
        "19 January 2025, 12:00:00.000",
        "19th January 2025 12:00",
        "January 19th, 2025 12:00 p.m.",
        "19-JAN-2025 12:00:00",
        "19/Jan/2025:13:00:00 +0100",
        "datetime.datetime(2025, 1, 19, 12, 0)",
        "datetime.datetime(2025, 1, 19, 12, 0, tzinfo=datetime.timezone.utc)",
        "Timestamp('2025-01-19 12:00:00')",
        "Timestamp('2025-01-19 12:00:00+0000', tz='UTC')",
        "np.datetime64('2025-01-19T12:00:00.000000000')",
        'ISODate("2025-01-19T12:00:00Z")',
        '{"$date": "2025-01-19T12:00:00Z"}',
        '{"$date": 1737288000000}',
        "/Date(1737288000000)/",
        "2025\u5e741\u670819\u65e5 12:00",
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
    with pytest.raises(DateError, match="day 01 of month 02 or day 02 of month 01: set dates"):
        read("01/02/2025")
    assert read("01/02/2025", "day-first") == datetime(2025, 2, 1, tzinfo=UTC)
    assert read("01/02/2025", "month-first") == datetime(2025, 1, 2, tzinfo=UTC)
    assert read("02/02/2025") == datetime(2025, 2, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "dates", "day"),
    [
        ("1/2/25", "month-first", 2),
        ("2-1-25", "day-first", 2),
        ("02.01.25", "day-first", 2),
        ("13/1/2025", "month-first", 13),
        ("1/13/2025", "day-first", 13),
        ("45659", "excel", 2),
        ("45659", "excel,day-first", 2),
        ("44197", "Excel-1904", 2),
        ("2/1/2025", "excel, day_first", 2),
    ],
)
def test_what_an_owner_says_of_a_column_decides(text: str, dates: str, day: int) -> None:
    assert read(text, dates) == datetime(2025, 1, day, tzinfo=UTC)


@pytest.mark.parametrize("value", ["45676.5", "45676,5", 45676.5, Decimal("45676.5")])
def test_a_spreadsheets_number_of_days_is_read_only_if_the_column_has_them(value: object) -> None:
    assert read(value, "excel") == NOON
    with pytest.raises(DateError, match="set dates to excel"):
        read(str(value).replace(",", "."))


@pytest.mark.parametrize("text", ["day", "day-first,month-first", "excel,excel-1904", "dd/mm"])
def test_other_words_are_an_error_that_lists_the_right_ones(text: str) -> None:
    with pytest.raises(UserError, match=r"--dates .*: expected one of day-first, month-first"):
        parse_dates(text)


@pytest.mark.parametrize(
    ("text", "first"),
    [("19/01/2025", True), ("01/19/2025", False), ("1-19-2025 8:05", False), ("01/02/2025", None)]
    + [(text, None) for text in ("19.01.2025", "19/19/2025", "19/01/25", "2025-01-19", "", "x")],
)
def test_a_date_shows_the_order_only_if_one_number_cannot_be_a_month(
    text: str, first: object
) -> None:
    assert is_day_first(text) is first


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0000-00-00 00:00:00", "zero date"),
        ("1.73729E+12", "rounded by a spreadsheet"),
        ("1,73729E+12", "rounded by a spreadsheet"),
        ("20251301", "no date in the order of year"),
        ("", "the column is empty"),
        ("soon", "'soon' is no date"),
        ("2025-02-30", "'2025-02-30': day"),
        ("2025-13-01", "'2025-13-01': month"),
        ("30/02/2025", "'30/02/2025': day"),
        ("12345", "digits are neither"),
    ],
)
def test_the_error_says_what_is_wrong(text: str, why: str) -> None:
    with pytest.raises(DateError, match=why):
        read(text)


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
