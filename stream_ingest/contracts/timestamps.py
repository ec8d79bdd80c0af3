"""Conversions between datetimes, epoch seconds and milliseconds, and ISO text. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - for times without a zone, which are UTC
_MS = timedelta(milliseconds=1)


def from_epoch_ms(value: int) -> datetime:
    """Return the UTC datetime of milliseconds since 1970."""
    return _EPOCH + value * _MS


def from_epoch_s(value: int) -> datetime:
    """Return the UTC datetime of seconds since 1970."""
    return datetime.fromtimestamp(value, UTC)


def iso_date(epoch_s: int) -> str:
    """Return the UTC date of an epoch second, YYYY-MM-DD."""
    return from_epoch_s(epoch_s).date().isoformat()


def iso_second(moment: datetime) -> str:
    """Return a time in UTC with whole seconds, ``2026-11-28T10:11:12Z``, which sorts as text."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def to_epoch_ms(moment: datetime) -> int:
    """Return whole milliseconds since 1970; a time without a zone is taken as UTC.

    Raises `OverflowError` if it is outside the years 1 to 9999 of UTC.
    """
    if moment.tzinfo is None:
        return (moment - _NAIVE_EPOCH) // _MS
    return (as_utc(moment) - _EPOCH) // _MS


def as_utc(moment: datetime) -> datetime:
    """Return a time in UTC; one without a zone is taken as UTC. Raises as `to_epoch_ms`."""
    return moment.replace(tzinfo=UTC) if moment.utcoffset() is None else moment.astimezone(UTC)


def parse_utc(text: str) -> datetime:
    """Return an ISO 8601 date, or date and time, in UTC; raises `ValueError` for other text."""
    try:
        return as_utc(datetime.fromisoformat(text.strip()))
    except OverflowError as error:
        msg = f"{text!r} is out of range"
        raise ValueError(msg) from error


EARLIEST_MS = to_epoch_ms(datetime.min)  # noqa: DTZ901 - as_utc gives it its zone
LATEST_MS = to_epoch_ms(datetime.max)  # noqa: DTZ901 - as above
"""The first and the last millisecond that a UTC datetime can represent."""
