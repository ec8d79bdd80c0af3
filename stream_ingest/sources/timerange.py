"""Parses `--since` and `--until`. Pure (the clock is an argument)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import msgspec

from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.timestamps import parse_utc

LAST_PUSH = "last_push"
_DAY = timedelta(days=1)
_UNITS = {"hour": timedelta(hours=1), "day": _DAY, "week": timedelta(weeks=1)}
_LAST = re.compile(r"last_(?P<count>[1-9][0-9]{0,3})_(?P<unit>hour|day|week)s?")
_NAMED_DAYS = {"today": timedelta(), "yesterday": _DAY}
"""Names of days, and how long before today they begin."""
_DATE = re.compile(r"\d{4}-?\d{2}-?\d{2}")
_TO = ".."


class TimeRange(msgspec.Struct, frozen=True, kw_only=True):
    """Half-open range of `created_at`, UTC: from `since` up to, not including, `until`."""

    since: datetime | None = None
    until: datetime | None = None


def parse_moment(text: str, now: datetime) -> datetime:
    """Return the moment of a date, a date and time, a named day or ``last_7_days``, in UTC.

    ``today`` and ``yesterday`` are their first moment. Raises `UserError` for other text.
    """
    if match := _LAST.fullmatch(text):
        return now - int(match["count"]) * _UNITS[match["unit"]]
    if (before := _NAMED_DAYS.get(text)) is not None:
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return today - before
    try:
        return parse_utc(text)
    except ValueError as error:
        msg = (
            f"date {text!r}: expected YYYY-MM-DD, YYYY-MM-DDTHH:MM:SS, today, yesterday,"
            f" last_7_days, last_24_hours or (for --since) 2025-01-01{_TO}2025-01-31 or {LAST_PUSH}"
        )
        raise UserError(msg) from error


def between(
    start: str | None, end: str | None, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """Return the times of the options ``--from`` and ``--to``, as `parse_moment` reads them.

    Raises `UserError` if the first one is not before the other.
    """
    since, until = (parse_moment(text, now) if text else None for text in (start, end))
    if since and until and since >= until:
        msg = f"--from {start} is not before --to {end}"
        raise UserError(msg)
    return since, until


def parse_range(
    since: str | None, until: str | None, now: datetime, last_push: datetime | None
) -> TimeRange:
    """Return the range of both options; ``last_push`` without an earlier push includes all rows.

    `since` may also be a range of dates; its last day is part of it. Raises `UserError`.
    """
    if since and _TO in since:
        if until:
            msg = f"--since {since} has an end already: leave out --until"
            raise UserError(msg)
        return _parse_dates(since, now)
    lower = last_push if since == LAST_PUSH else parse_moment(since, now) if since else None
    upper = parse_moment(until, now) if until else None
    if lower and upper and lower >= upper:
        from_when = f"{since} ({lower:%Y-%m-%dT%H:%M:%SZ})" if since == LAST_PUSH else since
        msg = f"--since {from_when} is not before --until {until}"
        raise UserError(msg)
    return TimeRange(since=lower, until=upper)


def _parse_dates(text: str, now: datetime) -> TimeRange:
    """Return the range of ``2025-01-01..2025-01-31``; either side may be missing."""
    first, _, last = (part.strip() for part in text.partition(_TO))
    lower = parse_moment(first, now) if first else None
    upper = parse_moment(last, now) if last else None
    if upper and (last in _NAMED_DAYS or _DATE.fullmatch(last)):
        upper += _DAY
    if (lower is None and upper is None) or (lower and upper and lower >= upper):
        msg = f"--since {text}: expected a range such as 2025-01-01{_TO}2025-01-31"
        raise UserError(msg)
    return TimeRange(since=lower, until=upper)
