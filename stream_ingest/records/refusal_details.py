"""Describes what is wrong with a refused row, in words for whoever has to correct it. Pure.

A detail is short and printable. It names a place or a character rather than repeating the cell, so
that a spreadsheet cannot run it as a formula.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from decimal import Decimal
from warnings import catch_warnings, simplefilter

import orjson

from stream_ingest.contracts.creators import creator_of, is_missing, is_rounded
from stream_ingest.contracts.naming import MAX_CREATOR_BYTES
from stream_ingest.contracts.timestamps import from_epoch_s
from stream_ingest.records.cover_column import text_of
from stream_ingest.records.cover_text import MAX_LITERAL_LENGTH

MAX_DETAIL = 120
"""Characters of a detail; a longer one is cut."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]{0,20}):")
_USER = re.compile(r"https?://[^/?#]*@", re.IGNORECASE)
_NO_HOST = re.compile(r"https?://(?:[/?#]|\Z)", re.IGNORECASE)
_NOT_ALLOWED = re.compile(r"[\s\x00-\x1f\x7f\ud800-\udfff\\]")
_BEGINNINGS = ("{", "[", '"', "'", "(")


def shorten(detail: str) -> str:
    """Return a detail of at most `MAX_DETAIL` characters, all of them printable."""
    if len(detail) <= MAX_DETAIL and detail.isprintable():
        return detail
    printable = "".join(each if each.isprintable() else "?" for each in detail[: 2 * MAX_DETAIL])
    return printable if len(printable) <= MAX_DETAIL else f"{printable[: MAX_DETAIL - 1]}…"


def cover_detail(text: str) -> str:
    """Return why a cover column is neither a URL nor JSON: ``line 1 column 14: …``."""
    bare = text.strip()
    if not bare.startswith(_BEGINNINGS):
        return "neither a URL nor JSON"
    try:
        orjson.loads(bare)
    except orjson.JSONDecodeError as error:
        if "'" in bare[:20] and len(bare) <= MAX_LITERAL_LENGTH and (found := _python_detail(bare)):
            return found
        return f"line {error.lineno} column {error.colno}: {error.msg.partition(': line ')[0]}"
    return "JSON without a cover"


def _python_detail(text: str) -> str | None:
    """Return what Python's parser says of a literal; None if it has nothing to say."""
    try:
        with catch_warnings():
            simplefilter("ignore")
            ast.parse(text, mode="eval")
    except SyntaxError as error:
        return f"line {error.lineno or 1} column {error.offset or 1}: {error.msg}"
    except (ValueError, RecursionError, MemoryError):
        return None
    return None


def empty_detail(cover: object, text: str) -> str:
    """Return why a cover column has no URL."""
    if cover is None or not text.strip():
        return "the column is empty"
    if text.strip()[:1] in {"{", "["}:
        return "no URL in the object or list"
    return "the column stands for no value"


def url_detail(url: str, max_length: int) -> str:
    """Return why a URL cannot be fetched."""
    scheme = _SCHEME.match(url)
    if scheme and scheme[1].lower() not in {"http", "https"}:
        return f"scheme {scheme[1]} is not http or https"
    if len(url) > max_length:
        return f"the URL has {len(url):,} characters, more than {max_length:,}"
    if _NO_HOST.match(url):
        return "the URL has no host"
    if _USER.match(url):
        return "the URL has a user name in it"
    if found := _NOT_ALLOWED.search(url):
        return f"character U+{ord(found[0]):04X} at position {found.start() + 1} of the URL"
    return "the URL cannot be fetched"


def expired_detail(expiries: Iterable[int]) -> str:
    """Return when the last of some URLs expired; times are epoch seconds."""
    try:
        return f"expired at {from_epoch_s(max(expiries)):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, ValueError):
        return "expired"


def creator_detail(value: object) -> str:
    """Return why a column's value is no creator's name."""
    if isinstance(value, bytes | bytearray) and not _is_utf8(value):
        return "the name is not UTF-8"
    text = text_of(value)
    if is_rounded(text) or isinstance(value, float | Decimal):
        return "a number that has lost digits: store ids as text"
    if is_missing(text):
        return "a placeholder for a missing name; with @ before it, it is a creator"
    name = creator_of(text)
    return _name_detail(name) if name else "the name is empty"


def _name_detail(name: str) -> str:
    size = len(name.encode("utf-8", "surrogatepass"))
    if size > MAX_CREATOR_BYTES:
        return f"the name has {size} bytes, more than {MAX_CREATOR_BYTES}"
    found = next((each for each in enumerate(name) if not each[1].isprintable()), None)
    if found is None:
        return "the name has a character that cannot be shown"
    return f"character U+{ord(found[1]):04X} at position {found[0] + 1} of the name"


def _is_utf8(value: bytes | bytearray) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
