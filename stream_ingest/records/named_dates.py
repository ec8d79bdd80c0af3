"""Reads dates with a month's name, and dates in the notation of a program. Pure.

The slow path of `dates`: RFC 2822, Twitter's form, ``date`` and JavaScript's, ``19 January 2025``;
``datetime.datetime(2025, 1, 19)``, ``Timestamp('…')``, ``ISODate("…")``, ``/Date(…)/``.
"""

from __future__ import annotations

import ast
import contextlib
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_DAYS = ("%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%d-%b-%Y", "%d-%B-%Y", "%Y %b %d")
_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
_OTHERS = (
    "%a %b %d %H:%M:%S %z %Y",  # Twitter
    "%a %b %d %H:%M:%S %Y",  # C
    "%a %b %d %Y %H:%M:%S %z",  # JavaScript
    "%d/%b/%Y:%H:%M:%S %z",  # web servers
)
_FORMS = (*_OTHERS, *(day + time for day in _DAYS for time in _TIMES))
_MONTH = re.compile(r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec", re.IGNORECASE)
_WEEKDAY = re.compile(
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? ", re.IGNORECASE
)
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b", re.IGNORECASE)
_ZONE = re.compile(r"\b(?:UTC|GMT)(?![+\-])|\bZ\b")
_EAST_ASIAN = re.compile(
    r"(\d{4})\s*[\u5e74\ub144]\s*(\d{1,2})\s*[\u6708\uc6d4]\s*(\d{1,2})\s*[\u65e5\uc77c]"
)
_WRAPPED = re.compile(
    r"""(?:pd\.|pandas\.|np\.|numpy\.)?(?:Timestamp|ISODate|datetime64|Date|new\ Date)
    \(\s*(?P<quote>['"]?)(?P<inner>[^'"]+?)(?P=quote)\s*(?:,[^)]*)?\)""",
    re.VERBOSE,
)
_DOTNET = re.compile(r"\\?/Date\((\d+)(?:[+\-]\d{4})?\)\\?/")
_MONGO = re.compile(r"""\{\s*['"]\$date['"]\s*:\s*['"]?([^'"}]+)['"]?\s*\}""")
_PYTHON = re.compile(
    r"(?:datetime\.)?(?:datetime|date)\((?P<numbers>[\d,\s]+?)"
    r"(?:,\s*tzinfo=(?:datetime\.)?(?:timezone\.utc|UTC|<UTC>|tzutc\(\)))?\)"
)


def unwrap(text: str) -> str | None:
    """Return the date inside a program's notation, as text; None if it is none."""
    for pattern in (_WRAPPED, _DOTNET, _MONGO):
        if match := pattern.fullmatch(text):
            return match["inner"] if "inner" in match.groupdict() else match[1]
    if match := _EAST_ASIAN.match(text):
        return f"{match[1]}-{match[2]}-{match[3]}{text[match.end() :]}"
    return None


def read_named(text: str) -> datetime | None:
    """Return the time of a text with a month's name, or of Python's ``repr``; None if none.

    It has no zone if the text has none.
    """
    if match := _PYTHON.fullmatch(text):
        with contextlib.suppress(ValueError, TypeError, SyntaxError):
            moment = datetime(*ast.literal_eval(f"({match['numbers']},)"))  # noqa: DTZ001 - as the text
            return moment.replace(tzinfo=UTC) if "tzinfo" in text else moment
        return None
    if not _MONTH.search(text):
        return None
    if "," in text[:5] or text[:1].isdigit():
        with contextlib.suppress(ValueError, TypeError, IndexError):
            return parsedate_to_datetime(text)
    for plain in dict.fromkeys(_spellings(text)):
        for form in _FORMS:
            with contextlib.suppress(ValueError):
                moment = datetime.strptime(plain, form)  # noqa: DTZ007 - as the text
                is_utc = moment.tzinfo is None and _ZONE.search(text)
                return moment.replace(tzinfo=UTC) if is_utc else moment
    return None


def _spellings(text: str) -> tuple[str, str]:
    """Return a date in the spelling of `_FORMS`, with its weekday and without it."""
    bare = re.sub(r"\s*\([^)]*\)\Z", "", text)  # JavaScript's name of the zone
    bare = re.sub(r"(?:GMT|UTC)(?=[+\-])", "", bare)
    bare = _ORDINAL.sub("", bare.replace(",", " ").replace(" at ", " "))
    bare = re.sub(r"\b([AaPp])\.?\s?[Mm]\b\.?", r"\1M", " ".join(bare.split()))
    with_zone = _ZONE.sub("+0000", bare)
    return with_zone, _WEEKDAY.sub("", f"{_ZONE.sub('', bare)} ").strip()
