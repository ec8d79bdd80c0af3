"""Time zones of times that are written without one. Pure.

When clocks go back, an hour is repeated: a time in it is the first of both. When clocks go forward,
an hour is skipped: a time in it is as much later. Python's own rules for ``fold=0`` do both.
"""

from __future__ import annotations

import difflib
import functools
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from stream_ingest.contracts.errors import UserError

_OFFSET = re.compile(
    r"(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?", re.IGNORECASE
)
_UTC = frozenset({"UTC", "Z", "GMT", "ETC/UTC", "+00:00", "-00:00"})
_AMBIGUOUS = frozenset({"CST", "IST", "BST", "AST", "PST", "CDT", "PDT", "EDT", "MDT", "LOCAL"})
_MAX_OFFSET = timedelta(hours=14)
_STEP, _LONGEST_CHANGE = timedelta(minutes=15), timedelta(hours=26)
"""Clocks change at full quarters of an hour, and by no more than a day."""


@functools.lru_cache(maxsize=64)
def parse_zone(text: str | None, name: str = "--timezone") -> tzinfo:
    """Return the zone of ``Europe/Berlin``, ``UTC`` or ``+08:00``; UTC if there is no text.

    Raises `UserError` that names the option by `name`.
    """
    if text is None or text.strip().upper() in _UTC:
        return UTC
    text = text.strip()
    if match := _OFFSET.fullmatch(text):
        offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
        if offset <= _MAX_OFFSET and int(match["minutes"] or 0) < 60:  # noqa: PLR2004 - minutes
            return timezone(-offset if match["sign"] == "-" else offset)
    elif text.upper() not in _AMBIGUOUS:
        try:
            return ZoneInfo(text)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise UserError(_unknown(text, name))


def to_wall(moment: datetime, zone: tzinfo) -> datetime:
    """Return the first local time, without a zone, whose moment is not before `moment`.

    Within the second pass of an hour that is repeated, that is the end of the hour, because
    `from_wall` takes every time of the hour for the first pass.
    """
    wall = _shown(moment, zone)
    if from_wall(wall, zone) >= moment:
        return wall
    before = wall.replace(tzinfo=zone).utcoffset() or timedelta()
    after = moment.astimezone(zone).utcoffset() or timedelta()
    first, last = moment - (before - after), moment
    while last - first > timedelta(seconds=1):  # the clocks went back between the two
        middle = first + (last - first) / 2
        if middle.astimezone(zone).utcoffset() == after:
            last = middle
        else:
            first = middle
    return (last.astimezone(UTC).replace(tzinfo=None, microsecond=0)) + before


def from_wall(wall: datetime, zone: tzinfo) -> datetime:
    """Return the moment of a local time without a zone, in UTC."""
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def earliest_wall(moment: datetime, zone: tzinfo) -> datetime:
    """Return the earliest local time that clocks show at a moment or later."""
    walls = [_shown(moment, zone)]
    first = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    for step in range(1, _LONGEST_CHANGE // _STEP):
        later = first + step * _STEP
        if later > moment:
            walls.append(_shown(later, zone))
    return min(walls)


def settled_at(moment: datetime, zone: tzinfo) -> datetime:
    """Return the latest moment before which no clock in the zone will show a time again."""
    return min(moment, from_wall(earliest_wall(moment, zone), zone))


def _shown(moment: datetime, zone: tzinfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _unknown(text: str, name: str) -> str:
    expected = "a zone such as Europe/Berlin, UTC, or an offset such as +08:00"
    if text.upper() in _AMBIGUOUS:
        return f"{name} {text}: more than one zone is called so; expected {expected}"
    by_lower = {zone.lower(): zone for zone in available_timezones()}
    nearest = difflib.get_close_matches(text.lower().replace(" ", "_"), [*by_lower], 1, 0.7)
    hint = f"; did you mean {by_lower[nearest[0]]}?" if nearest else ""
    return f"{name} {text}: expected {expected}{hint}"
