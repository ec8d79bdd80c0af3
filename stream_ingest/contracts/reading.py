"""How a file is read, where its content does not say: names of columns, and kinds of dates. Pure.

Each entrance takes the same options: `push` and `submit` on the command line, a request in its
`processing_config`, an object in its metadata, the console in its form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from stream_ingest.contracts.date_form import DateForm, parse_dates
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.zones import parse_zone

ROLES = ("creator", "cover", "created_at")
_PARTS = re.compile(rf"[,;]\s*(?=(?:{'|'.join(ROLES)})\s*[=:])")
"""Between two columns; a name may have commas itself."""
_SHOWN_CHARACTERS = 60

Names = Callable[[str], str]
"""Returns the caller's name of an option: ``--columns`` for ``columns``."""


class Reading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a caller says of a file; empty text says nothing."""

    columns: str = ""
    """Names of columns: ``creator=Autor,cover=Bild,created_at=Datum``; not all are needed. In a
    file without a header all three are numbers, from 1."""
    dates: str = ""
    """``day-first`` or ``month-first``, and ``excel`` or ``excel-1904``, with a comma between."""
    timezone: str = ""
    """Zone of times that are written without one: ``Europe/Berlin`` or ``+08:00``."""

    @property
    def form(self) -> DateForm:
        """How dates are read that do not say it themselves."""
        return msgspec.structs.replace(parse_dates(self.dates), timezone=self.timezone or None)


READING = Reading.__struct_fields__
PLAIN_READING = Reading()


def read_reading(values: Mapping[str, object], name_of: Names = str) -> Reading:
    """Return the options in `values`, where None is the same as absent; ignores other keys.

    Columns may be an object, too: ``{"creator": "Autor"}``. Raises `UserError` that names the
    option that is wrong.
    """
    columns, dates, zone = (values.get(name) for name in READING)
    if isinstance(columns, dict):
        columns = ",".join(f"{role}={name}" for role, name in columns.items())
    parse_names(_text(columns, name_of("columns")), name_of("columns"))
    parse_dates(_text(dates, name_of("dates")), name_of("dates"))
    if _text(zone, name_of("timezone")):
        parse_zone(str(zone), name_of("timezone"))
    return Reading(columns=str(columns or ""), dates=str(dates or ""), timezone=str(zone or ""))


def lay_reading_over(reading: Reading, below: Reading) -> Reading:
    """Return `reading`, with what `below` says of what it leaves open."""
    chosen = {name: getattr(reading, name) or getattr(below, name) for name in READING}
    return Reading(**chosen)


def parse_names(text: str | None, name: str = "--columns") -> dict[str, str]:
    """Return the columns' names by role; raises `UserError` that names the option by `name`."""
    chosen: dict[str, str] = {}
    for part in _PARTS.split(text or ""):
        role, _, column = re.sub(r"^(\w+)\s*[:=]", r"\1=", part.strip(), count=1).partition("=")
        column = column.strip()
        if role in ROLES and role not in chosen and column.rstrip(",;") == column != "":
            chosen[role] = column
        elif text and text.strip():
            msg = (
                f"{name} {part.strip()[:_SHOWN_CHARACTERS]!r}: expected creator=NAME, cover=NAME or"
                " created_at=NAME, separated by commas"
            )
            raise UserError(msg)
    return chosen


def _text(value: object, name: str) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    msg = f"{name}: expected text"
    raise UserError(msg)
