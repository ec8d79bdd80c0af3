"""Parses `--since` and `--until`. Pure (the clock is an argument)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import msgspec

from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.timestamps import parse_utc

LAST_PUSH = "last_push"
_LAST_DAYS = re.compile(r"last_(?P<days>[1-9][0-9]{0,3})_days?")


class TimeRange(msgspec.Struct, frozen=True, kw_only=True):
    """Half-open range of `created_at`, UTC: from `since` up to, not including, `until`."""

    since: datetime | None = None
    until: datetime | None = None


def parse_moment(text: str, now: datetime) -> datetime:
    """Return a date, a date and time, or ``last_<n>_days`` in UTC; raises `UserError`."""
    match = _LAST_DAYS.fullmatch(text)
    if match:
        return now - timedelta(days=int(match["days"]))
    try:
        return parse_utc(text)
    except ValueError as error:
        msg = (
            f"date {text!r}: expected YYYY-MM-DD, YYYY-MM-DDTHH:MM:SS,"
            f" last_7_days or (for --since) {LAST_PUSH}"
        )
        raise UserError(msg) from error


def parse_range(
    since: str | None, until: str | None, now: datetime, last_push: datetime | None
) -> TimeRange:
    """Return the range of both options; ``last_push`` without an earlier push includes all rows."""
    lower = last_push if since == LAST_PUSH else parse_moment(since, now) if since else None
    upper = parse_moment(until, now) if until else None
    if lower and upper and lower >= upper:
        msg = f"--since {since} is not before --until {until}"
        raise UserError(msg)
    return TimeRange(since=lower, until=upper)
