"""Decides for a whole file whether the day comes before the month in dates like 01/02/2025. Pure.

The file is searched when its first such date is met: if another date of its column can only be read
with the day first (``19/01/2025``), and none only with the month first, that is the order. If the
file shows neither order or both, nothing is guessed, and such dates are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import msgspec

from stream_ingest.contracts.date_form import DAY_FIRST, MONTH_FIRST, DateForm
from stream_ingest.records.dates import is_day_first

_TWO_NUMBERS = re.compile(r"\s*[\"']?\d{1,2}[/\-]\d{1,2}[/\-]\d{4}")
UNKNOWN = "unknown"
_ORDERS = {True: DAY_FIRST, False: MONTH_FIRST, None: UNKNOWN}


class DateOrder:
    """The order of one file; `decided` is None as long as no date called for it."""

    def __init__(
        self, form: DateForm, dates: Callable[[], Iterable[object]], decided: str | None = None
    ) -> None:
        """Decide by `dates`, those of the whole file, unless `form` or an earlier reader has."""
        self.form, self._dates = form, dates
        self.decided: str | None = None
        self.is_contradictory = False
        if decided is not None:
            self._set(decided)

    def look_at(self, rows: Iterable[tuple[object, object, object]]) -> None:
        """Decide, if a date of these rows calls for it."""
        if self.decided is None and self.form.day_first is None and any(map(_calls, rows)):
            orders = {is_day_first(date) for date in map(str, self._dates()) if _matches(date)}
            orders.discard(None)
            self.is_contradictory = len(orders) > 1
            self._set(_ORDERS[orders.pop() if len(orders) == 1 else None])

    @property
    def remark(self) -> str | None:
        """What a user should know about the order, if anything."""
        if self.decided in {DAY_FIRST, MONTH_FIRST}:
            word = "day" if self.decided == DAY_FIRST else "month"
            return (
                f"dates such as 01/02/2025 were read with the {word} first, as others of the file"
            )
        if self.is_contradictory:
            return "some dates of the file have the day first, others the month"
        return None

    def _set(self, decided: str) -> None:
        self.decided = decided
        if decided != UNKNOWN:
            self.form = msgspec.structs.replace(self.form, day_first=decided == DAY_FIRST)


def _calls(row: tuple[object, object, object]) -> bool:
    return _matches(str(row[2]))


def _matches(date: str) -> bool:
    return date[:4].isascii() and _TWO_NUMBERS.match(date) is not None
