from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ops_dashboard.console.api.chart_range import RANGES, custom_range, named_range
from stream_ingest.contracts.errors import UserError

NOW = datetime(2026, 11, 21, 6, 59, 30, tzinfo=UTC)
NEXT = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)


def between(start: datetime, end: datetime) -> dict[str, str]:
    return {"from": str(int(start.timestamp())), "to": str(int(end.timestamp()))}


@pytest.mark.parametrize("name", RANGES)
def test_a_named_range_ends_with_the_running_minute_and_has_at_most_180_points(name: str) -> None:
    chosen = named_range(name, NOW)
    assert (chosen.end, chosen.is_running) == (NEXT, True)
    assert chosen.end - chosen.start == timedelta(minutes=RANGES[name])
    assert (chosen.end - chosen.start).total_seconds() / chosen.period_s <= 180


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UserError, match="expected one of 15m, 1h"):
        named_range("1y", NOW)


@pytest.mark.parametrize(
    ("ago", "length", "period_s"),
    [
        (timedelta(hours=2), timedelta(hours=1), 60),
        (timedelta(days=20), timedelta(hours=1), 300),
        (timedelta(days=70), timedelta(hours=1), 3_600),
        (timedelta(days=100), timedelta(days=90), 86_400),
        (timedelta(days=450), timedelta(days=449), 7 * 86_400),
    ],
)
def test_the_period_is_one_that_cloudwatch_has_kept(
    ago: timedelta, length: timedelta, period_s: int
) -> None:
    chosen = custom_range(between(NOW - ago, NOW - ago + length), NOW)
    assert (chosen.period_s, chosen.is_running) == (period_s, False)
    assert length.total_seconds() / period_s <= 180


def test_a_custom_range_is_at_full_minutes_and_ends_now_at_the_latest() -> None:
    chosen = custom_range(between(NOW - timedelta(hours=1), NOW + timedelta(days=2)), NOW)
    assert (chosen.start, chosen.end) == (NEXT - timedelta(hours=1, minutes=1), NEXT)
    assert chosen.is_running


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"from": "1"},
        {"from": "x", "to": "1"},
        {"from": "²", "to": "1"},
        {"from": "1" * 5_000, "to": "1"},
        between(NOW, NOW),
        between(NOW, NOW - timedelta(hours=1)),
        between(NOW - timedelta(minutes=4), NOW),
        between(NOW - timedelta(days=456), NOW),
        between(NOW + timedelta(days=1), NOW + timedelta(days=2)),
    ],
)
def test_a_range_that_cannot_be_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(UserError, match=r"from|to"):
        custom_range(query, NOW)
