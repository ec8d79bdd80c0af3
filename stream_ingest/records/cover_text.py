"""Reads cover columns that are neither a URL nor valid JSON. Pure.

Spreadsheets, Python programs and databases write covers in forms of their own: ``repr`` of a
dictionary, ``=IMAGE("…")``, ``<img src=…>``, Markdown, arrays of Postgres, several URLs in a cell.
This is the slow path of `cover_column`; the URLs that it returns are checked like any others.
"""

from __future__ import annotations

import ast
import contextlib
import html
import json
import re
from typing import cast

import orjson

MAX_LITERAL_LENGTH = 65_536
"""Python literals are parsed up to this length: their parser takes a hundred times their size."""

_MAX_TAIL_SEARCH = 4_096
_ABSENT = frozenset(
    {"", "-", "--", "nan", "none", "null", "nil", "n/a", "na", "#n/a", r"\n", "undefined", "0"}
)
"""What programs write for no value, in lower case; ``\\N`` is MySQL's."""
_AROUND = " \t\r\n\v\f\0\xa0\u200b\u200c\u200d\u2060\ufeff"
"""Blanks and invisible characters around a value."""
_QUOTES = "\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb\u201e\u201a()<>[]{}"
_SEPARATED = re.compile(r"(?<![\s,;|])[\s,;|]++(?=(?:https?:)?//)", re.IGNORECASE)
"""Begins at the first separator only, so that a long run of blanks is read once."""
_ANY_URL = re.compile(
    r"""https?://[^\s"'`<>\\\u201c\u201d\u2018\u2019\u00ab\u00bb]+""", re.IGNORECASE
)
_WITHOUT_SCHEME = re.compile(r"(?://)?(?:[A-Za-z0-9\-]+\.)+[A-Za-z]{2,}(?::\d+)?/\S+")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_NUMPY = re.compile(r"\b(?:np\.|numpy\.)?(?:array|list|tuple|OrderedDict|str_)\(")
_DTYPE = re.compile(r",\s*dtype=[\w'<>.]+")
_WITHOUT_COMMA = re.compile(r"""(['"])[ \n]+(['"])""")
"""Between the texts of an array, as numpy prints it."""
_NOT_A_NUMBER = re.compile(r"(?<=[:,\[\s(])(?:np\.)?(?:nan|inf|-inf)(?=[,\]}\s)])", re.IGNORECASE)
_PAGE = re.compile(r"https?://(?:www\.|m\.|vm\.|vt\.)?tiktok\.com/", re.IGNORECASE)


def is_absent(text: str) -> bool:
    """Return whether text stands for no value."""
    return text.strip(_AROUND).casefold() in _ABSENT


def is_page(url: str) -> bool:
    """Return whether a URL is that of a page on TikTok, which is no image."""
    return _PAGE.match(url) is not None


def recover(text: str) -> object | None:
    """Return the object or the URLs that text means; None if it has none that can be found.

    A list of URLs is in the order of the text.
    """
    bare = text.strip(_AROUND)
    if bare[:1] in {"{", "[", '"', "'", "("} or bare[:6] == "array(":
        for parse in (_parse_json, _parse_postgres, _parse_python):
            value = parse(bare)
            if isinstance(value, dict | list):
                return value
            if isinstance(value, str) and len(value) < len(bare):
                return recover(value)
        if bare[:1] in {"{", "[", "("} and ('"' in bare or "'" in bare):
            return None  # cut off or broken: a URL in it may be half of one
        if bare[:1] == '"' and (bare[-1:] != '"' or bare[1:5].lower() != "http"):
            return None  # the same in a JSON string
    return split_urls(bare) or None


def split_urls(text: str) -> list[str]:
    """Return the URLs in a text: several of them, or one with something around it."""
    parts = [part.strip(_AROUND) for part in _SEPARATED.split(html.unescape(text))]
    if len(parts) > 1 and all(_is_url(part.strip(_QUOTES)) for part in parts):
        return [with_scheme(part.strip(_QUOTES + ",;|")) for part in parts]
    alone = parts[0].strip(_QUOTES + _AROUND) if len(parts) == 1 else ""
    if _WITHOUT_SCHEME.fullmatch(alone):
        return [with_scheme(alone)]
    return [_without_tail(match[0]) for match in _ANY_URL.finditer(html.unescape(text))]


def with_scheme(url: str) -> str:
    """Return a URL with ``https`` if it has no scheme."""
    if url.startswith("//"):
        return f"https:{url}"
    return url if "://" in url[:10] else f"https://{url}"


def _is_url(text: str) -> bool:
    return text[:7].lower() in {"http://", "https:/"} or text.startswith("//")


def _without_tail(url: str) -> str:
    """Return a URL without what belongs to the text around it: brackets that it does not open.

    A URL longer than `_MAX_TAIL_SEARCH` is no cover and stays as it is.
    """
    if len(url) > _MAX_TAIL_SEARCH:
        return url
    for opening, closing in ("()", "[]", "{}"):
        end = len(url)
        while closing in url[:end] and url.count(closing, 0, end) > url.count(opening, 0, end):
            end = url.rindex(closing, 0, end)
        url = url[:end]
    return url.rstrip(".,;|!*")


def _parse_json(text: str) -> object | None:
    """Return JSON with NaN, raw line breaks or trailing commas; None if it is not JSON either."""
    for candidate in (text, _TRAILING_COMMA.sub(r"\1", text)):
        with contextlib.suppress(ValueError, RecursionError):
            value: object = json.loads(candidate, strict=False)
            return value
    return None


def _parse_postgres(text: str) -> object | None:
    """Return an array of Postgres, ``{"…","…"}``; None if it is none."""
    if text[:2] != '{"' or text[-2:] != '"}':
        return None
    with contextlib.suppress(ValueError, RecursionError):
        value: object = json.loads(f"[{text[1:-1]}]", strict=False)
        return value
    return None


def _parse_python(text: str) -> object | None:
    """Return a Python literal, with numpy's arrays as lists; None if it is none."""
    if len(text) > MAX_LITERAL_LENGTH:
        return None
    source = _NOT_A_NUMBER.sub("None", _NUMPY.sub("(", text))
    source = _DTYPE.sub("", _WITHOUT_COMMA.sub(r"\1,\2", source))
    # orjson raises TypeError for what JSON has not: complex numbers, huge ones, lone surrogates.
    with contextlib.suppress(TypeError, ValueError, SyntaxError, RecursionError, MemoryError):
        value = ast.literal_eval(source)
        # As JSON: tuples are lists then, and keys are text.
        as_json = orjson.dumps(value, default=list, option=orjson.OPT_NON_STR_KEYS)
        return cast("object", orjson.loads(as_json))
    return None
