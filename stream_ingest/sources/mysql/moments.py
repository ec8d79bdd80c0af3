"""How a column's times compare with a moment, by the column's type. Pure.

- TIMESTAMP is absolute: the connection is in UTC, and so are its values.
- DATETIME and DATE have local times, in the zone that `TimeColumn.zone` says.
- INT, BIGINT, DECIMAL, FLOAT and DOUBLE have epoch seconds, milliseconds, microseconds or
  nanoseconds, or the digits of a local time (``20250119120000``). Each value's number of digits
  says which, exactly as `records.dates` reads it; so one column may have several.
- VARCHAR and TEXT have whatever `records.dates` reads. MySQL compares those that sort as times by
  their day, and returns all others; what is not in the range is left out here.

NULL, zero dates and what is no date belong to no range.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from stream_ingest.contracts.date_form import PLAIN, DateForm
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.timestamps import from_epoch_ms, to_epoch_ms
from stream_ingest.contracts.zones import earliest_wall, from_wall, parse_zone, settled_at, to_wall
from stream_ingest.records.dates import DateError, read_moment
from stream_ingest.sources.timerange import TimeRange

Condition = tuple[str, list[object]]
"""An SQL condition, and the values of its parameters."""
_DAY = timedelta(days=1)
_SORTS_AS_TIME = "^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]|$)"


class TimeKind(StrEnum):
    """What a column's type says about its values."""

    ABSOLUTE = "absolute"
    WALL = "wall"
    DAY = "day"
    NUMBER = "number"
    TEXT = "text"


_KINDS = {
    "timestamp": TimeKind.ABSOLUTE,
    "datetime": TimeKind.WALL,
    "date": TimeKind.DAY,
    **dict.fromkeys(
        ("int", "integer", "bigint", "mediumint", "decimal", "numeric", "float", "double"),
        TimeKind.NUMBER,
    ),
    **dict.fromkeys(
        (
            *("char", "varchar", "tinytext", "text", "mediumtext", "longtext"),
            *("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"),
        ),
        TimeKind.TEXT,
    ),
}
ORDERED = frozenset({TimeKind.ABSOLUTE, TimeKind.WALL, TimeKind.DAY, TimeKind.NUMBER})
"""Kinds whose values MySQL orders as times, or nearly so."""


def time_kind(name: str, kind: str) -> TimeKind:
    """Return the kind of a column by its type; raises `UserError` if it can have no times."""
    found = _KINDS.get(kind)
    if found is None:
        msg = (
            f"column {name} is of type {kind.upper()}, which has no date and time; choose another"
            " with --columns created_at=NAME"
        )
        raise UserError(msg)
    return found


class TimeColumn(msgspec.Struct, frozen=True, kw_only=True):
    """The column created_at of a table."""

    quoted: str
    """Its name as SQL has it."""
    kind: TimeKind
    form: DateForm = PLAIN

    @property
    def zone(self) -> tzinfo:
        """The zone of local times."""
        return parse_zone(self.form.timezone)

    @property
    def is_plain(self) -> bool:
        """Whether local times are in UTC."""
        return self.zone is UTC

    def since(self, moment: datetime, *, later: bool = False) -> Condition:
        """Return the condition for values at a moment or after it.

        With `later`, it also has every value that a row can get when it is written at that moment
        or after it: of an hour that is repeated, and of a day that has begun.
        """
        if self.kind is TimeKind.ABSOLUTE:
            return f"{self.quoted} >= %s", [_naive(moment)]
        wall = earliest_wall(moment, self.zone) if later else to_wall(moment, self.zone)
        if self.kind is TimeKind.DAY and later:
            wall = datetime.combine(wall, time.min)
        if self.kind in {TimeKind.WALL, TimeKind.DAY}:
            return f"{self.quoted} >= %s", [wall]
        if self.kind is TimeKind.TEXT:
            return self._text(">=", wall.date() - _DAY)
        return self._numbers(_bounds(moment, wall, floor=later), is_since=True)

    def until(self, moment: datetime) -> Condition:
        """Return the condition for values before a moment."""
        if self.kind is TimeKind.ABSOLUTE:
            return f"{self.quoted} < %s", [_naive(moment)]
        wall = to_wall(moment, self.zone)
        if self.kind in {TimeKind.WALL, TimeKind.DAY}:
            return f"{self.quoted} < %s", [wall]
        if self.kind is TimeKind.TEXT:
            return self._text("<=", wall.date() + _DAY)
        return self._numbers(_bounds(moment, wall), is_since=False)

    def value(self, raw: object) -> object:
        """Return a value as a time in UTC, or as it is if that is what it means anyway."""
        if self.is_plain or self.kind is TimeKind.ABSOLUTE:
            return raw
        if self.kind is TimeKind.WALL and isinstance(raw, datetime):
            return _naive(from_wall(raw, self.zone))
        moment = self._moment(raw)
        return raw if moment is None else _naive(moment)

    def settled(self, moment: datetime, newest: object) -> datetime:
        """Return the latest moment before which no row will appear that is written from now on.

        `newest` is a value of the column, which shows how fine its numbers are.
        """
        if self.kind is TimeKind.ABSOLUTE:
            return moment
        settled = settled_at(moment, self.zone)
        is_epoch = self.kind is TimeKind.NUMBER and "epoch" in unit_of(newest)
        if is_epoch:
            return moment
        if self.kind is TimeKind.WALL:
            return settled
        day = datetime.combine(settled.astimezone(self.zone), time.min)
        return from_wall(day, self.zone)

    def is_within(self, value: object, within: TimeRange) -> bool:
        """Return whether a row is in a range, of which MySQL has compared nothing but the day."""
        if self.kind is not TimeKind.TEXT or (within.since is None and within.until is None):
            return True
        moment = self._moment(value)
        return (
            moment is not None
            and (within.since is None or moment >= within.since)
            and (within.until is None or moment < within.until)
        )

    def is_before(self, value: object, moment: datetime) -> bool:
        """Return whether a value that `value` has returned is before a moment."""
        if isinstance(value, datetime):
            return value < _naive(moment)
        found = self._moment(value)
        return found is not None and found < moment

    def _moment(self, value: object) -> datetime | None:
        form = self.form if not isinstance(value, datetime) else PLAIN
        try:
            return from_epoch_ms(read_moment(value, form))
        except DateError:
            return None

    def _text(self, comparison: str, day: date) -> Condition:
        sorts = f"{self.quoted} REGEXP '{_SORTS_AS_TIME}'"
        return f"(NOT {sorts} OR LEFT({self.quoted}, 10) {comparison} %s)", [day.isoformat()]

    def _numbers(self, bounds: list[tuple[int, Decimal]], *, is_since: bool) -> Condition:
        parts: list[str] = []
        values: list[object] = []
        for digits, bound in bounds:
            low, high = (max(bound, low_of(digits)), high_of(digits))
            if not is_since:
                low, high = Decimal(low_of(digits)), min(bound, high_of(digits))
            if low < high:
                parts.append(f"{self.quoted} >= %s AND {self.quoted} < %s")
                values += [low, high]
        return (f"({' OR '.join(parts)})" if parts else "FALSE"), values


def low_of(digits: int) -> Decimal:
    """Return the least whole number of so many digits."""
    return Decimal(10) ** (digits - 1)


def high_of(digits: int) -> Decimal:
    """Return the number after the greatest of so many digits."""
    return Decimal(10) ** digits


def _bounds(moment: datetime, wall: datetime, *, floor: bool = False) -> list[tuple[int, Decimal]]:
    """Return a moment as a number in each of the forms, by their number of digits.

    In the coarse ones it lies between two numbers, or is the smaller of them (`floor`).
    """
    microseconds = to_epoch_ms(moment) * 1_000 + moment.microsecond % 1_000
    seconds = Decimal(microseconds) / 1_000_000
    day = Decimal(f"{wall:%Y%m%d}")
    of_day = Decimal((wall - datetime.combine(wall, time.min)) // timedelta(microseconds=1))
    of_minute = Decimal(wall.second * 1_000_000 + wall.microsecond)
    if floor:
        of_day = of_minute = Decimal(0)
    return [
        (8, day + of_day / 86_400_000_000),
        (9, seconds),
        (10, seconds),
        (12, Decimal(f"{wall:%Y%m%d%H%M}") + of_minute / 60_000_000),
        (13, seconds * 1_000),
        (14, Decimal(f"{wall:%Y%m%d%H%M%S}") + Decimal(wall.microsecond) / 1_000_000),
        (16, seconds * 1_000_000),
        (17, Decimal(f"{wall:%Y%m%d%H%M%S}000") + Decimal(wall.microsecond) / 1_000),
        (19, seconds * 1_000_000_000),
    ]


def unit_of(value: object) -> str:
    """Return the unit of a number, in words; empty if it has no known one."""
    if not isinstance(value, int | float | Decimal) or value <= 0:
        return ""
    return _UNITS.get(len(str(int(value))), "")


_UNITS = {
    8: "dates such as 20250119",
    9: "epoch seconds",
    10: "epoch seconds",
    12: "local times such as 202501191200",
    13: "epoch milliseconds",
    14: "local times such as 20250119120000",
    16: "epoch microseconds",
    17: "local times with milliseconds",
    19: "epoch nanoseconds",
}


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def example_of(value: Any) -> str:  # noqa: ANN401 - whatever a column has
    """Return a value for a message."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text[:40]
