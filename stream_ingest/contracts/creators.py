"""Creator names: which spellings are one creator, and which spelling is shown. Pure.

A creator's name is what all its spellings have in common (`creator_of`); keys, ids, buckets and the
dedup memory use it. These do not matter:

- blanks and line ends around a name, and how many blanks of which kind are within it,
- characters without width: joiners, soft hyphens, byte order marks, marks of writing direction,
- ``@`` before it (also full-width), and the address of a TikTok profile around it,
- the Unicode normalisation: names are in NFC,
- case, if the stack's setting says so (`CreatorCase`).

Everything else does: full-width letters and letters that look alike are different letters.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

import msgspec

from stream_ingest.contracts.naming import is_creator_name

MAX_DISPLAY_BYTES = 256
"""A longer spelling is not stored; the name is shown then."""

_AT = "@\uff20\ufe6b"
_ENDS = " \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\0\x1a"
"""Characters that are removed from the ends besides blanks: line ends, and what pads fields."""
_BLANKS = re.compile(
    r"[ \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u2800\u3000\u3164\uffa0]+"
)
"""Blanks of any width, and letters that are blank: braille and the Hangul fillers."""
_UNSEEN = "\u00ad\u034f\u061c\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_NO_WIDTH = re.compile(rf"[{_UNSEEN}\u200c\u200d\ufe0e\ufe0f]")
"""Characters without width that are not combining marks."""
_NOT_SHOWN = re.compile(rf"[\0-\x1f\x7f-\x9f{_UNSEEN}]")
"""Characters that are not displayed: they have no effect there, or one on the text around."""
_PROFILE = re.compile(
    r"(?:https?:)?(?://)?(?:[a-z0-9\-]+\.)*tiktok\.com/(?:@|%40)(?P<handle>[^/?#\s]+)[^\s]*",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[!-.0-?A-~][!-.0-~]*")
"""ASCII without blanks and slashes that does not begin with ``@``: nearly every name."""
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+")
"""A number of which a spreadsheet has dropped digits: ``6.78456E+18``."""
_MISSING = frozenset(
    {"NULL", "None", "NaN", "N/A", "n/a", "#N/A", "<NA>", "(null)", "<null>", "\\N", "-", "--"}
)
"""Text for a missing value that cannot be a TikTok handle, which is lower case."""
_MAX_EXACT = 1 << 53
"""Greatest number up to which a float has all digits of a whole number."""


class CreatorCase(StrEnum):
    """Whether names that differ by upper and lower case only are one creator."""

    KEEP = "keep"
    FOLD = "fold"


class CreatorName(msgspec.Struct, frozen=True, gc=False):
    """A creator's name, and how a row spells it if that is worth showing."""

    name: str
    display_name: str = ""
    """The row's spelling; empty if it is the name."""

    def __str__(self) -> str:
        """Return the spelling."""
        return self.display_name or self.name


def read_creator(value: object, case: CreatorCase = CreatorCase.KEEP) -> CreatorName | None:
    """Return the creator in a column's value; None if there is none, or if it is ambiguous.

    Whole numbers are names of digits, whatever their type. A number without all its digits, bytes
    that are not UTF-8 and a placeholder such as ``NULL`` are no names.
    """
    if isinstance(value, str):
        return _read_text(value, case)
    if isinstance(value, CreatorName):
        return value
    text = _text(value)
    return None if text is None else _read_text(text, case)


def _text(value: object) -> str | None:
    if isinstance(value, bytes | bytearray):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return None
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) <= _MAX_EXACT else None
    if isinstance(value, Decimal):
        return str(int(value)) if value.is_finite() and value == int(value) else None
    return str(value)


def is_missing(text: str) -> bool:
    """Return whether text stands for a missing value."""
    return text.strip(_ENDS) in _MISSING


def is_rounded(text: str) -> bool:
    """Return whether text is a number that has lost digits."""
    return _ROUNDED.fullmatch(text.strip(_ENDS)) is not None


@lru_cache(maxsize=1 << 14)
def _read_text(text: str, case: CreatorCase) -> CreatorName | None:
    """Return the creator that a text names; cached, because a table has few creators per row."""
    name = creator_of(text, case)
    if not is_creator_name(name):
        return None
    if is_missing(text) or is_rounded(text):
        return None
    return CreatorName(name) if name == text else CreatorName(name, _display_name(text, name))


def creator_of(text: str, case: CreatorCase = CreatorCase.KEEP) -> str:
    """Return the name that all spellings of a creator share; empty if nothing remains of `text`.

    Idempotent. The result need not be a valid name (`naming.is_creator_name`).
    """
    if _PLAIN.fullmatch(text):
        return text.lower() if case is CreatorCase.FOLD else text
    while (name := _simplified(text, case)) != text:
        text = name
    return name


def candidates(text: str, case: CreatorCase) -> tuple[str, ...]:
    """Return the names under which a creator with this spelling may be stored, best first.

    Before spellings were one, the text itself was the name.
    """
    return tuple(filter(is_creator_name, dict.fromkeys((text, creator_of(text, case)))))


def _simplified(text: str, case: CreatorCase) -> str:
    text = _trimmed(_NO_WIDTH.sub("", text))
    if profile := _PROFILE.fullmatch(text):
        text = profile["handle"]
    text = unicodedata.normalize("NFC", text.lstrip(_AT))
    return unicodedata.normalize("NFC", text.casefold()) if case is CreatorCase.FOLD else text


def _trimmed(text: str) -> str:
    return _BLANKS.sub(" ", text).strip(_ENDS)


def _display_name(text: str, name: str) -> str:
    """Return a spelling as it is shown; empty if it is the name, an address or too long."""
    shown = _trimmed(_NOT_SHOWN.sub("", text))
    if shown == name or _PROFILE.fullmatch(_trimmed(_NO_WIDTH.sub("", text)).lstrip(_AT)):
        return ""
    return shown if len(shown.encode()) <= MAX_DISPLAY_BYTES else ""
