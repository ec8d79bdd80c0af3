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
        ("last_30_days", datetime(2026, 10, 22, 3, 5, tzinfo=UTC)),
    ],
)
def test_a_time_is_a_date_a_date_and_time_or_some_days_ago(text: str, moment: datetime) -> None:
    assert parse_moment(text, NOW) == moment


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
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
