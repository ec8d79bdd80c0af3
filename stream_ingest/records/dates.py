"""Reads the moment of a row from whatever its date column holds. Pure.

A form is read only if it can mean one thing: numbers by their size, dates by the order of year,
month and day. ``01/02/2025`` means two days, so it is refused, unless a `DateForm` says which comes
first. Times without a zone are UTC, or in the zone of the `DateForm`. The forms:

- ``2025-01-19 12:00:00.5+01:00``: ISO 8601; also with ``/`` or ``.``, single digits, and 24:00.
- ``20250119``, ``202501191200``, ``20250119120000``: a day, with a time or without.
- ``1737288000``: 9 or 10 digits are epoch seconds, 13 milliseconds, 16 microseconds, 19
  nanoseconds; each with a fraction or without.
- ``Sun, 19 Jan 2025 12:00:00 GMT``: RFC 2822, Twitter's form, others with a month's name
  (`named_dates`).
- ``19.01.2025``: with dots the day comes first. ``19/01/2025``: with slashes or dashes, if one of
  the numbers is above 12, if both are the same, or as the `DateForm` says.
- ``45676.5``: a spreadsheet's number of days, only if the `DateForm` says so.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from stream_ingest.contracts.date_form import PLAIN, DateForm
from stream_ingest.contracts.timestamps import to_epoch_ms
from stream_ingest.contracts.zones import parse_zone
from stream_ingest.records.named_dates import read_named, unwrap

__all__ = ["PLAIN", "DateError", "DateForm", "is_day_first", "read_moment"]

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?")
_FLOAT = re.compile(r"[0-9]+(?:[.,][0-9]*)?[eE]\+?[0-9]{1,2}")
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]{1,5})?E\+[0-9]{2}")
"""A number as a spreadsheet shows it in a narrow column."""
_TIME = r"""
(?: [T\ ,]\s* (?P<hour>\d{1,2}) : (?P<minute>\d{2})
    (?: : (?P<second>\d{2}) (?: [.,] (?P<fraction>\d+) )? )?
    (?: \s? (?P<half>[AaPp]) \.? [Mm] \.? )?
)?
\s* (?P<zone> Z | z | UTC | GMT | [+\-]\d{2}(?: :?\d{2})? (?: \s UTC )? )?
"""
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4}) (?P<mark>[\-/.]) (?P<month>\d{1,2}) (?P=mark) (?P<day>\d{1,2})" + _TIME,
    re.VERBOSE | re.ASCII,
)
_YEAR_LAST = re.compile(
    r"(?P<left>\d{1,2}) (?P<mark>[\-/.]) (?P<right>\d{1,2}) (?P=mark) (?P<year>\d{4}|\d\d)" + _TIME,
    re.VERBOSE | re.ASCII,
)
_COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_WITH_MILLISECONDS = 17
_EPOCH_UNITS = {9: 0, 10: 0, 13: 3, 16: 6, 19: 9}
"""Decimal places by which a number of so many digits is finer than seconds."""
_SERIAL = re.compile(r"([2-7][0-9]{4})(?:[.,]([0-9]*))?")
"""A spreadsheet's day from 1954 to 2119."""
_DAY_S = 86_400
_NOON = 12
_MAX_MONTH = 12
_MIDNIGHT, _LAST = (24, 0, 0), 59
"""The end of a day, and the last minute or second."""
_AROUND = " \t\r\n\v\f\0\xa0\u200b\u200e\u200f\u202f\ufeff\"'`"
"""Blanks, invisible characters and quotes around a date."""


_SHOWN = 40
"""Characters of a value that an error shows."""


class DateError(ValueError):
    """Text is no date, or could be two."""


def read_moment(value: object, form: DateForm = PLAIN) -> int:
    """Return a column's moment in epoch milliseconds (UTC); raises `DateError`.

    `form` says what the column's owner knows of it.
    """
    try:
        if isinstance(value, str):
            return _in_zone(_parse(value.strip(_AROUND), form), form)
        if isinstance(value, datetime):
            return _in_zone(value, form)
        if isinstance(value, date):
            return _in_zone(datetime(value.year, value.month, value.day), form)  # noqa: DTZ001 - its zone follows
        if isinstance(value, bytes | bytearray):
            return read_moment(value.decode("utf-8", "replace"), form)
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            text = f"{value:f}" if isinstance(value, float) else str(value)
            return _in_zone(_of_number(text, form), form)
    except DateError:
        raise
    except (ValueError, OverflowError) as error:
        msg = f"{str(value)[:_SHOWN]!r}: {error}"
        raise DateError(msg) from error
    msg = "the column is empty" if value is None else f"{type(value).__name__} is no date"
    raise DateError(msg)


def _in_zone(moment: datetime, form: DateForm) -> int:
    if moment.tzinfo is None and form.timezone is not None:
        moment = moment.replace(tzinfo=parse_zone(form.timezone))
    return to_epoch_ms(moment)


def is_day_first(text: str) -> bool | None:
    """Return whether a date shows that the day comes before the month; None if it does not."""
    match = _YEAR_LAST.fullmatch(text.strip(_AROUND))
    if match is None or match["mark"] == "." or len(match["year"]) == 2:  # noqa: PLR2004 - it may be the day
        return None
    left, right = int(match["left"]), int(match["right"])
    if (left > _MAX_MONTH) == (right > _MAX_MONTH):
        return None
    return left > _MAX_MONTH


def _parse(text: str, form: DateForm) -> datetime:
    """Return the time in a text, without a zone if the text has none."""
    if _NUMBER.fullmatch(text):  # before ISO 8601, which would find a date in most digits
        return _of_number(text, form)
    try:
        return datetime.fromisoformat(text)  # nearly always
    except ValueError:
        pass
    if match := _YEAR_FIRST.fullmatch(text):
        return _assemble(match, int(match["year"]), int(match["month"]), int(match["day"]))
    if match := _YEAR_LAST.fullmatch(text):
        return _assemble(match, *_year_month_day(match, form))
    if (form.epoch and _SERIAL.fullmatch(text)) or _FLOAT.fullmatch(text):
        return _of_other_number(text, form)
    return _in_words(text, form)


def _of_other_number(text: str, form: DateForm) -> datetime:
    """Return the moment of a number with a decimal comma or an exponent."""
    if "e" not in text.lower():
        return _of_number(text, form)
    if _ROUNDED.fullmatch(text):
        msg = f"{text} was rounded by a spreadsheet: format the column as a number without decimals"
        raise DateError(msg)
    return _of_number(f"{float(text.replace(',', '.')):f}", form)


def _in_words(text: str, form: DateForm) -> datetime:
    inner = unwrap(text)
    if inner is not None:
        return _parse(inner, form)
    found = read_named(text)
    if found is None:
        msg = f"{text[:40]!r} is no date" if text else "the column is empty"
        raise DateError(msg)
    return found


def _of_number(text: str, form: DateForm) -> datetime:
    """Return the moment of a number of digits, by how many there are."""
    if serial := _SERIAL.fullmatch(text):
        return _of_serial(serial, form)
    whole, _, fraction = text.partition(".")
    digits = len(whole)
    if digits == _WITH_MILLISECONDS:
        whole, fraction, digits = whole[:14], whole[14:], 14
    if digits in _COMPACT and (digits == 14 or not fraction.strip("0")):  # noqa: PLR2004 - with seconds
        try:
            moment = datetime.strptime(whole, _COMPACT[digits])  # noqa: DTZ007 - its zone follows
        except ValueError as error:
            msg = f"{text[:40]} is no date in the order of year, month and day"
            raise DateError(msg) from error
        return moment + timedelta(microseconds=int(fraction[:6].ljust(6, "0")))
    if digits not in _EPOCH_UNITS:
        msg = f"{text[:40]!r}: {digits} digits are neither a date nor a time since 1970"
        raise DateError(msg)
    places = _EPOCH_UNITS[digits]
    nanoseconds = int(whole + fraction[: 9 - places].ljust(9 - places, "0"))
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=nanoseconds // 1_000)


def _of_serial(serial: re.Match[str], form: DateForm) -> datetime:
    """Return the moment of a number of days, to the second: a spreadsheet's are inexact."""
    if form.epoch is None:
        msg = f"{serial[0]} may be a spreadsheet's day number: set dates to excel (--dates excel)"
        raise DateError(msg)
    seconds = round(float(f"0.{serial[2] or 0}") * _DAY_S)
    return datetime(*form.epoch) + timedelta(days=int(serial[1]), seconds=seconds)  # noqa: DTZ001 - as above


def _year_month_day(match: re.Match[str], form: DateForm) -> tuple[int, int, int]:
    left, right, year = int(match["left"]), int(match["right"]), int(match["year"])
    day_first = form.day_first
    if len(match["year"]) == 2:  # noqa: PLR2004 - digits
        if day_first is None:
            raise DateError(_two_ways(match))
        year += 2_000
    elif match["mark"] == "." or left > _MAX_MONTH or left == right:
        day_first = True
    elif right > _MAX_MONTH:
        day_first = False
    if day_first is None:
        raise DateError(_two_ways(match))
    return (year, right, left) if day_first else (year, left, right)


def _two_ways(match: re.Match[str]) -> str:
    left, right = match["left"], match["right"]
    return (
        f"{match[0]} could be day {left} of month {right} or day {right} of month {left}:"
        " set dates to day-first or month-first (--dates)"
    )


def _assemble(match: re.Match[str], year: int, month: int, day: int) -> datetime:
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    if match["half"]:
        if not 1 <= hour <= _NOON:
            msg = f"{match[0]!r}: hour {hour} with AM or PM"
            raise DateError(msg)
        hour = hour % _NOON + (_NOON if match["half"] in "Pp" else 0)
    if (hour, minute, second) > _MIDNIGHT or max(minute, second) > _LAST:
        msg = f"{match[0]!r} is no time of a day"
        raise DateError(msg)
    if year == month == day == 0:
        msg = f"{match[0]} is MySQL's zero date, which means no date"
        raise DateError(msg)
    microsecond = int((match["fraction"] or "0")[:6].ljust(6, "0"))
    time = timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microsecond)
    moment = datetime(year, month, day) + time  # noqa: DTZ001 - its zone may follow
    return moment.replace(tzinfo=UTC) - _offset(match["zone"]) if match["zone"] else moment


def _offset(zone: str | None) -> timedelta:
    if not zone or zone[0] not in "+-":
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[3:].removesuffix(" UTC").lstrip(":") or 0)
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if zone[0] == "-" else offset
