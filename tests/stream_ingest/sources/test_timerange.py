from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.timerange import TimeRange, parse_moment, parse_range

NOW = datetime(2026, 11, 21, 3, 5, tzinfo=UTC)
LAST = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T10:20:30", datetime(2026, 11, 1, 10, 20, 30, tzinfo=UTC)),
        ("2026-11-01 10:20", datetime(2026, 11, 1, 10, 20, tzinfo=UTC)),
        ("2026-11-01T10:00:00+02:00", datetime(2026, 11, 1, 8, tzinfo=UTC)),
        ("last_7_days", datetime(2026, 11, 14, 3, 5, tzinfo=UTC)),
        ("last_1_day", datetime(2026, 11, 20, 3, 5, tzinfo=UTC)),
        ("last_1_days", datetime(2026, 11, 20, 3, 5, tzinfo=UTC)),
        ("last_30_days", datetime(2026, 10, 22, 3, 5, tzinfo=UTC)),
        ("last_24_hours", datetime(2026, 11, 20, 3, 5, tzinfo=UTC)),
        ("last_1_hour", datetime(2026, 11, 21, 2, 5, tzinfo=UTC)),
        ("last_2_weeks", datetime(2026, 11, 7, 3, 5, tzinfo=UTC)),
        ("today", datetime(2026, 11, 21, tzinfo=UTC)),
        ("yesterday", datetime(2026, 11, 20, tzinfo=UTC)),
    ],
)
def test_a_time_is_a_date_a_date_and_time_or_some_days_ago(text: str, moment: datetime) -> None:
    assert parse_moment(text, NOW) == moment


@pytest.mark.parametrize(
    "text",
    [
        "tomorrow",
        "last_7_years",
        "01.11.2026",
        "last_0_days",
        "last_99999_days",
        "last_push",
        "0001-01-01T00+09:00",
    ],
)
def test_a_bad_date_is_named_in_one_line(text: str) -> None:
    with pytest.raises(UserError, match="expected YYYY-MM-DD") as caught:
        parse_moment(text, NOW)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_range_without_options_is_open() -> None:
    assert parse_range(None, None, NOW, LAST) == TimeRange()
    assert parse_range("", "", NOW, LAST) == TimeRange()


def test_last_push_without_an_earlier_push_means_all_rows() -> None:
    assert parse_range("last_push", None, NOW, LAST) == TimeRange(since=LAST)
    assert parse_range("last_push", None, NOW, None) == TimeRange()


def test_until_does_not_accept_last_push() -> None:
    with pytest.raises(UserError, match="last_push"):
        parse_range(None, "last_push", NOW, LAST)


@pytest.mark.parametrize("until", ["2026-11-01", "2026-10-31"])
def test_an_empty_range_is_a_user_error(until: str) -> None:
    with pytest.raises(UserError, match="--since 2026-11-01 is not before --until"):
        parse_range("2026-11-01", until, NOW, None)


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2026, 11, number, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026-11-01..2026-11-03", day(1), day(4)),
        ("2026-11-01..2026-11-01", day(1), day(2)),
        ("2026-11-01 .. 2026-11-03", day(1), day(4)),
        ("20261101..20261103", day(1), day(4)),
        ("2026-11-01T06:00..2026-11-03T12:00", day(1, 6), day(3, 12)),
        ("2026-11-01..", day(1), None),
        ("..2026-11-03", None, day(4)),
        ("yesterday..yesterday", day(20), day(21)),
        ("yesterday..today", day(20), day(22)),
    ],
)
def test_a_range_of_dates_includes_its_last_day(
    text: str, since: datetime | None, until: datetime | None
) -> None:
    assert parse_range(text, None, NOW, LAST) == TimeRange(since=since, until=until)


@pytest.mark.parametrize(
    "text", ["..", "2026-11-03..2026-11-01", "2026-11-03T12:00..2026-11-03T01"]
)
def test_a_range_that_is_empty_is_a_user_error(text: str) -> None:
    with pytest.raises(UserError, match="expected a range such as"):
        parse_range(text, None, NOW, LAST)


def test_a_range_has_no_second_end() -> None:
    with pytest.raises(UserError, match="leave out --until"):
        parse_range("2026-11-01..2026-11-03", "2026-11-05", NOW, LAST)


def test_a_range_cannot_start_at_the_last_push() -> None:
    """The mark moves; a range of dates does not."""
    with pytest.raises(UserError, match="last_push"):
        parse_range("last_push..2026-11-03", None, NOW, LAST)
