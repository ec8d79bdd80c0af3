"""Reads cover columns that are neither a URL nor valid JSON. Pure.

Spreadsheets, Python programs and databases write covers in forms of their own: ``repr`` of a
dictionary, ``=IMAGE("…")``, ``<img src=…>``, Markdown, arrays of Postgres, several URLs in a cell.
This is the slow path of `cover_column`; the URLs that it returns are checked like any others.
"""

from __future__ import annotations

import ast
import contextlib
import csv
import html
import json
import re
from typing import cast
from urllib.parse import unquote

import orjson

MAX_LITERAL_LENGTH = 65_536
"""Python literals are parsed up to this length: their parser takes a hundred times their size."""

_MAX_TAIL_SEARCH = 4_096
_ABSENT = re.compile(
    r"[-\u2013\u2014?.]*|nan|none|null|nil|n/?a|n\.a\.|\\n|undefined|0|nat|false|\(null\)|<n(?:a|ull)>"
    r"|#(?:[a-z]+/)?[a-z0-9\u00c0-\u024f]+[!?]?",
    re.IGNORECASE,
)
"""What programs write for no value: ``\\N`` is MySQL's, ``#N/A`` and ``#BEZUG!`` spreadsheets'."""
_AROUND = " \t\r\n\v\f\0\xa0\u200b\u200c\u200d\u2060\ufeff"
"""Blanks and invisible characters around a value."""
_FANCY = "\u201c\u201d\u2018\u2019\u00ab\u00bb\u2039\u203a\u3008-\u3011"
"""Quotes and brackets beyond ASCII, as a character class; no URL has them as they are."""
_QUOTES = "\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb\u2039\u203a\u201e\u201a()<>[]{}" + "".join(
    map(chr, range(0x3008, 0x3012))
)
_SEPARATED = re.compile(r"(?<![\s,;|])[\s,;|]++(?=(?:https?:)?//)", re.IGNORECASE)
"""Begins at the first separator only, so that a long run of blanks is read once."""
_BETWEEN = re.compile(r"[\s,;|]+")
_ENCODED = re.compile(r"https?%3A%2F%2F", re.IGNORECASE)
ENDS = "\"',;|"
_ANY_URL = re.compile(rf"""https?://(?:(?!\)?\]\()[^\s"'`<>\\{_FANCY}])+""", re.IGNORECASE)
"""Ends before ``](`` and ``)](`` of Markdown."""
_LABELLED = re.compile(r"<(https?://[^|>\s]+)\|[^>]*>", re.IGNORECASE)
"""A link as Slack writes it."""
_WITHOUT_SCHEME = re.compile(r"(?://)?(?:[A-Za-z0-9\-]+\.)+[A-Za-z]{2,}(?::\d+)?/\S+")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_NUMPY = re.compile(r"\b(?:np\.|numpy\.)?(?:array|list|tuple|OrderedDict|str_)\(")
_DTYPE = re.compile(r",\s*dtype=[\w'<>.]+")
_WITHOUT_COMMA = re.compile(r"""(['"])[ \n]+(['"])""")
"""Between the texts of an array, as numpy prints it."""
_NOT_A_NUMBER = re.compile(r"(?<=[:,\[\s(])(?:np\.)?(?:nan|inf|-inf)(?=[,\]}\s)])", re.IGNORECASE)
_BARE_KEY = re.compile(r"""([{,]\s*)['"]?([A-Za-z_$][\w$]*)['"]?\s*(?::|=>)""")
"""A key without quotes, as JavaScript writes it, or one of a Ruby hash."""
_CONSTANT = re.compile(r"(?<=[:,\[\s(>])(?:true|false|null|undefined|nil)(?=\s*[,\]})])")
_PAGE = re.compile(
    r"https?://(?:(?:www|m|vm|vt|v|mobile|old)\.)?(?:(?:tiktok|douyin|iesdouyin|instagram|youtube|twitter"
    r"|x|facebook|threads|snapchat|pinterest|reddit|bilibili|kuaishou|weibo|xiaohongshu)\.com"
    r"|youtu\.be|fb\.watch|t\.co|pin\.it)(?:/|\Z)(?![^?#]*\.(?:jpe?g|png|webp|hei[cf]|avif|gif)(?:[?#]|\Z))",
    re.IGNORECASE,
)
"""A page of a site, and no file of an image on it."""


def is_absent(text: str) -> bool:
    """Return whether text stands for no value."""
    return _ABSENT.fullmatch(text.strip(_AROUND).strip("\"'")) is not None


def is_page(url: str) -> bool:
    """Return whether a URL is that of a video's page, on TikTok or another site: no image."""
    return _PAGE.match(url) is not None


def recover(text: str) -> object | None:
    """Return the object or the URLs that text means; None if it has none that can be found.

    A list of URLs is in the order of the text.
    """
    bare = text.strip(_AROUND)
    while bare[:2] == bare[-2:] == '""' and len(bare) > 4:  # noqa: PLR2004 - two quotes at each end
        bare = bare[1:-1]
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
    text = _LABELLED.sub(r"\1 ", html.unescape(text))
    if _ENCODED.match(text):
        text = unquote(text)
    parts = [part.strip(_AROUND) for part in _SEPARATED.split(text)]
    if len(parts) > 1 and all(_is_url(part.strip(_QUOTES)) for part in parts):
        return [with_scheme(without_ends(part.strip(_QUOTES))) for part in parts]
    bare = [part.strip(_QUOTES) for part in _BETWEEN.split(text.strip(_QUOTES + _AROUND))]
    if all(map(has_no_scheme, filter(None, bare))):
        return [with_scheme(part) for part in bare if part]
    return [_without_tail(match[0]) for match in _ANY_URL.finditer(text)]


def with_scheme(url: str) -> str:
    """Return a URL with ``https`` if it has no scheme."""
    if url.startswith("//"):
        return f"https:{url}"
    return url if "://" in url[:10] else f"https://{url}"


def has_no_scheme(text: str) -> bool:
    """Return whether text is a URL that begins with its host: ``host.example/…``, ``//host/…``."""
    return _WITHOUT_SCHEME.fullmatch(text) is not None


def without_ends(url: str) -> str:
    """Return a URL without quotes, commas and bars that a cell has after it."""
    return url.rstrip(ENDS + _AROUND)


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
    """Return JSON with NaN, raw line breaks or trailing commas; None if it is not JSON either.

    Also JSON of which all quotes are doubled or escaped, as after a second pass through CSV.
    """
    without_commas = _TRAILING_COMMA.sub(r"\1", text)
    for candidate in (text, without_commas, text.replace('""', '"'), text.replace('\\"', '"')):
        with contextlib.suppress(ValueError, RecursionError):
            value: object = json.loads(candidate, strict=False)
            return value
    return None


def _parse_postgres(text: str) -> object | None:
    """Return an array of Postgres, such as ``{NULL,"…"}``; None if it is none."""
    if text[0] != "{" or text[-1] != "}":
        return None
    inside = csv.reader([text[1:-1]], escapechar="\\", doublequote=False, strict=True)
    with contextlib.suppress(csv.Error):
        fields = [field for field in next(inside, []) if field != "NULL"]
        if fields and all(_is_url(field) or field[:1] in {"{", "["} for field in fields):
            return fields
    return None


def _parse_python(text: str) -> object | None:
    """Return a Python literal, with numpy's arrays as lists; None if it is none."""
    if len(text) > MAX_LITERAL_LENGTH:
        return None
    source = _NOT_A_NUMBER.sub("None", _NUMPY.sub("(", text))
    source = _DTYPE.sub("", _WITHOUT_COMMA.sub(r"\1,\2", source))
    for each in (source, _BARE_KEY.sub(r'\1"\2":', _CONSTANT.sub(_constant, source))):
        # orjson raises TypeError for what JSON has not: complex or huge numbers, lone surrogates.
        with contextlib.suppress(TypeError, ValueError, SyntaxError, RecursionError, MemoryError):
            value = ast.literal_eval(each)
            # As JSON: tuples are lists then, and keys are text.
            as_json = orjson.dumps(value, default=list, option=orjson.OPT_NON_STR_KEYS)
            return cast("object", orjson.loads(as_json))
    return None


def _constant(match: re.Match[str]) -> str:
    return {"true": "True", "false": "False"}.get(match[0], "None")
