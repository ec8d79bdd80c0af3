"""The range of the charts: one of the named ones up to now, or from one time to another. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import DAY_S

RANGES = {"15m": 15, "1h": 60, "3h": 180, "12h": 720, "1d": 1_440, "7d": 10_080, "30d": 43_200}
"""The named ranges, in minutes."""
_PERIODS = (
    (180, 60),
    (720, 300),
    (1_440, 900),
    (10_080, 3_600),
    (43_200, 6 * 3_600),
    (259_200, DAY_S),
    (655_200, 7 * DAY_S),
)
"""(Maximum length of the range in minutes, seconds per point): at most 180 points."""
_KEPT = ((15, 60), (63, 300))
"""(Days, seconds): CloudWatch has points of these periods for so long, and then of an hour."""
_MIN_S, _MAX_S = 300, 455 * DAY_S


class ChartRange(msgspec.Struct, frozen=True, kw_only=True):
    """What the charts show, and how fine."""

    start: datetime
    end: datetime
    now: datetime
    period_s: int

    @property
    def is_running(self) -> bool:
        """Whether new data can arrive in the range."""
        return self.end >= self.now


def named_range(name: str, now: datetime) -> ChartRange:
    """Return a range that ends at the end of the current minute; `UserError` for an unknown one."""
    if name not in RANGES:
        msg = f"range {name!r}: expected one of {', '.join(RANGES)}"
        raise UserError(msg)
    end = next_minute(now)
    start = end - timedelta(minutes=RANGES[name])
    return ChartRange(start=start, end=end, now=end, period_s=_period_for(start, end, end))


def custom_range(query: Mapping[str, str], now: datetime) -> ChartRange:
    """Return the range of the parameters ``from`` and ``to``, in epoch seconds.

    The end is not later than now, and both are at full minutes. Raises `UserError` if one is not a
    number, or if the range is shorter than 5 minutes or longer than CloudWatch's 455 days.
    """
    latest = int(next_minute(now).timestamp())
    start_s, end_s = _seconds(query, "from"), min(_seconds(query, "to"), latest)
    if end_s - start_s < _MIN_S or start_s < latest - _MAX_S:
        msg = "from and to: expected at least 5 minutes, in the last 455 days"
        raise UserError(msg)
    start, end = datetime.fromtimestamp(start_s, UTC), datetime.fromtimestamp(end_s, UTC)
    last = datetime.fromtimestamp(latest, UTC)
    return ChartRange(start=start, end=end, now=last, period_s=_period_for(start, end, last))


def next_minute(now: datetime) -> datetime:
    """Return the end of the current minute, so that a range includes the running minute."""
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _seconds(query: Mapping[str, str], name: str) -> int:
    text = query.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= len("9999999999")):
        msg = f"{name} {text[:30]!r}: expected a time in epoch seconds"
        raise UserError(msg)
    return int(text) // 60 * 60


def _period_for(start: datetime, end: datetime, now: datetime) -> int:
    """Return the shortest period with at most 180 points for which CloudWatch has data."""
    minutes, age = (end - start) / timedelta(minutes=1), (now - start).days
    fine = next(period_s for most, period_s in _PERIODS if minutes <= most)
    kept = next((period_s for days, period_s in _KEPT if age < days), 3_600)
    return max(fine, kept)
