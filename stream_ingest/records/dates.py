"""Reads the moment of a row from whatever its date column holds. Pure.

A form is read only if it can mean one thing: numbers by their size, dates by the order of year,
month and day. ``01/02/2025`` means two days, so it is refused, unless the caller says which comes
first. Times without a zone are UTC. The forms:

- ``2025-01-19 12:00:00.5+01:00``: ISO 8601; also with ``/`` or ``.``, single digits, and 24:00.
- ``20250119``, ``202501191200``, ``20250119120000``: a day, with a time or without.
- ``1737288000``: 9 or 10 digits are epoch seconds, 13 milliseconds, 16 microseconds, 19
  nanoseconds; each with a fraction or without.
- ``Sun, 19 Jan 2025 12:00:00 GMT``: RFC 2822, Twitter's form, others with a month's name.
- ``19.01.2025``: with dots the day comes first. ``19/01/2025``: with slashes or dashes, if one of
  the numbers is above 12, if both are the same, or as `day_first` says.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime

from stream_ingest.contracts.timestamps import as_utc, to_epoch_ms

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?")
_FLOAT = re.compile(r"[0-9]+(?:\.[0-9]*)?[eE]\+?[0-9]{1,2}")
_TIME = r"""
(?: [T\ ,]\s* (?P<hour>\d{1,2}) : (?P<minute>\d{2})
    (?: : (?P<second>\d{2}) (?: [.,] (?P<fraction>\d+) )? )?
    (?: \s? (?P<half>[AaPp]) \.? [Mm] \.? )?
)?
\s* (?P<zone> Z | z | UTC | GMT | [+\-]\d{2}(?: :?\d{2})? )?
"""
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4}) (?P<mark>[\-/.]) (?P<month>\d{1,2}) (?P=mark) (?P<day>\d{1,2})" + _TIME,
    re.VERBOSE | re.ASCII,
)
_YEAR_LAST = re.compile(
    r"(?P<left>\d{1,2}) (?P<mark>[\-/.]) (?P<right>\d{1,2}) (?P=mark) (?P<year>\d{4})" + _TIME,
    re.VERBOSE | re.ASCII,
)
_NAMED = (
    "%a %b %d %H:%M:%S %z %Y",  # Twitter
    "%b %d, %Y",
    "%b %d, %Y %H:%M",
    "%b %d, %Y %H:%M:%S",
    "%B %d, %Y",
    "%B %d, %Y %H:%M",
    "%d %b %Y",
    "%d %B %Y",
    "%d %b %Y %H:%M",
    "%d-%b-%Y",
    "%d-%b-%Y %H:%M:%S",
)
_COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_EPOCH_UNITS = {9: 0, 10: 0, 13: 3, 16: 6, 19: 9}
"""Decimal places by which a number of so many digits is finer than seconds."""
_NOON = 12
_MAX_MONTH = 12
_MIDNIGHT, _LAST = (24, 0, 0), 59
"""The end of a day, and the last minute or second."""


class DateError(ValueError):
    """Text is no date, or could be two."""


def read_moment(value: object, *, day_first: bool | None = None) -> int:
    """Return a column's moment in epoch milliseconds (UTC); raises `DateError`.

    `day_first` says how to read ``01/02/2025``; None refuses it.
    """
    try:
        if isinstance(value, str):
            return to_epoch_ms(_parse(value.strip(), day_first=day_first))
        if isinstance(value, datetime):
            return to_epoch_ms(value)
        if isinstance(value, date):
            return to_epoch_ms(datetime(value.year, value.month, value.day, tzinfo=UTC))
        if isinstance(value, bytes | bytearray):
            return read_moment(value.decode("ascii", "replace"), day_first=day_first)
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return to_epoch_ms(_of_number(f"{value:f}" if isinstance(value, float) else str(value)))
    except (ValueError, OverflowError) as error:
        raise DateError(str(error)) from error
    msg = f"{type(value).__name__} is no date"
    raise DateError(msg)


def _parse(text: str, *, day_first: bool | None) -> datetime:
    if _NUMBER.fullmatch(text):  # before ISO 8601, which would find a date in most digits
        return _of_number(text)
    try:
        return as_utc(datetime.fromisoformat(text))  # nearly always
    except ValueError:
        pass
    if match := _YEAR_FIRST.fullmatch(text):
        return _assemble(match, int(match["month"]), int(match["day"]))
    if match := _YEAR_LAST.fullmatch(text):
        return _assemble(match, *_month_and_day(match, day_first=day_first))
    return _of_number(f"{float(text):f}") if _FLOAT.fullmatch(text) else _named(text)


def _of_number(text: str) -> datetime:
    """Return the moment of a number of digits, by how many there are."""
    whole, _, fraction = text.partition(".")
    digits = len(whole)
    if digits in _COMPACT and not fraction.strip("0"):
        return datetime.strptime(whole, _COMPACT[digits]).replace(tzinfo=UTC)
    if digits not in _EPOCH_UNITS:
        msg = f"{text[:40]!r}: {digits} digits are neither a date nor a time since 1970"
        raise DateError(msg)
    places = _EPOCH_UNITS[digits]
    nanoseconds = int(whole + fraction[: 9 - places].ljust(9 - places, "0"))
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=nanoseconds // 1_000)


def _month_and_day(match: re.Match[str], *, day_first: bool | None) -> tuple[int, int]:
    left, right = int(match["left"]), int(match["right"])
    if match["mark"] == "." or left > _MAX_MONTH or left == right:
        return right, left
    if right > _MAX_MONTH:
        return left, right
    if day_first is None:
        msg = f"{match[0]!r} could be day {left} of month {right}, or day {right} of month {left}"
        raise DateError(msg)
    return (right, left) if day_first else (left, right)


def _assemble(match: re.Match[str], month: int, day: int) -> datetime:
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    if match["half"]:
        if not 1 <= hour <= _NOON:
            msg = f"{match[0]!r}: hour {hour} with AM or PM"
            raise DateError(msg)
        hour = hour % _NOON + (_NOON if match["half"] in "Pp" else 0)
    if (hour, minute, second) > _MIDNIGHT or max(minute, second) > _LAST:
        msg = f"{match[0]!r} is no time of a day"
        raise DateError(msg)
    microsecond = int((match["fraction"] or "0")[:6].ljust(6, "0"))
    time = timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microsecond)
    return datetime(int(match["year"]), month, day, tzinfo=UTC) + time - _offset(match["zone"])


def _offset(zone: str | None) -> timedelta:
    if not zone or zone[0] not in "+-":
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if zone[0] == "-" else offset


def _named(text: str) -> datetime:
    """Return the moment of a text with the name of a month or day."""
    try:
        return as_utc(parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError):
        pass
    for form in _NAMED:
        try:
            return as_utc(datetime.strptime(text, form))  # noqa: DTZ007 - without a zone it is UTC
        except ValueError:
            continue
    msg = f"{text[:40]!r} is no date"
    raise DateError(msg)
