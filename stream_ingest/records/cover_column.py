"""Extracts URLs from a cover column of any shape. Pure.

The cover column of real tables holds a bare URL, a JSON string, a list, ``{"url_list": [...]}`` or
an object of several covers: nine shapes, and malformed variants of them.
"""

from __future__ import annotations

import re
from functools import lru_cache

import orjson

from stream_ingest.records.cover_text import (
    has_no_scheme,
    is_absent,
    is_page,
    recover,
    split_urls,
    with_scheme,
    without_ends,
)

MAX_COVER_LENGTH = 16 << 20
"""As long as a row of a CSV file may be; MySQL's MEDIUMTEXT has as much."""
_MAX_DEPTH = 6

_BARE_URL = re.compile(r"https?://\S+\Z")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_ANIMATED = re.compile(r"dynamic|animated", re.IGNORECASE)
_HEIC = re.compile(r"\.hei[cf](?:$|[?#])", re.IGNORECASE)

_COVER = re.compile(r"cover|thumb", re.IGNORECASE)
"""Keys of covers. URLs under other keys are used if there are none under these."""
_INHERITING = frozenset({"url", "urls", "url_list", "urlList"})
_TIKTOK_IMAGE_KEYS = frozenset({"uri", "url_list", "width", "height"})
"""Keys of TikTok's image object."""
_IGNORED = re.compile(r"uri$|avatar|author|music", re.IGNORECASE)
_PREFERRED = (
    "cover",
    "url_list",
    "urlList",
    "originCover",
    "origin_cover",
    "coverUrl",
    "cover_url",
    "cover_image_url",
    "thumbnail_url",
    "video_origin_cover",
    "url",
)
_FIRST_JSON = frozenset('{["')


class NotJsonError(ValueError):
    """The column is neither a URL nor valid JSON."""


def text_of(value: object) -> str:
    """Return a column's value as text: bytes as UTF-8, an empty string for None."""
    if value is None:
        return ""
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else str(value)


def candidate_urls(cover: object) -> list[str]:
    """Return every URL in a cover column, best first: static, then HEIC, then animated.

    URLs under keys that do not name covers (such as a video's share link) are returned only if
    there are no others. Raises `NotJsonError` for text that is neither a URL nor JSON.
    """
    try:
        value = _unwrap(cover)
    except NotJsonError:
        value = _recover(text_of(cover))
    if isinstance(value, dict) and (url := _only_url(value)):
        return [url]
    found: list[_Found] = []
    if isinstance(value, str):
        _walk_text(value, found, 0, False, None)  # noqa: FBT003 - see `_walk`
    elif value is not None:
        _walk(value, found, 0, False, None)  # noqa: FBT003 - see `_walk`
    if len(found) < 2:  # noqa: PLR2004 - nothing to choose from, as nearly always
        return [url for url, _, _ in found]
    covers = [each for each in found if each[2]] or found
    covers = [each for each in covers if not is_page(each[0])] or covers
    return [url for url, _, _ in sorted(covers, key=_rank)]


def _only_url(value: dict[str, object]) -> str | None:
    """Return the URL of a TikTok image object with one URL (the most common shape), else None."""
    urls = value.get("url_list")
    if not isinstance(urls, list) or len(urls) != 1 or not value.keys() <= _TIKTOK_IMAGE_KEYS:
        return None
    url = urls[0]
    is_plain = isinstance(url, str) and _BARE_URL.match(url) and "&amp;" not in url
    return url if is_plain else None


_Found = tuple[str, bool, bool]
"""A URL, whether it is animated, and whether a key above it, if there is any, names a cover.

Plain tuples and cached keys, because this is the hot path of a push."""


def _rank(found: _Found) -> int:
    return 2 if found[1] else 1 if _HEIC.search(found[0]) else 0


def _recover(text: str) -> object:
    """Return what text that is neither a URL nor JSON means; raises `NotJsonError`."""
    if is_absent(text):
        return None
    value = recover(text) if len(text) <= MAX_COVER_LENGTH else None
    if value is None:
        raise NotJsonError
    return value


def _unwrap(cover: object) -> object:
    """Return the URL or the parsed JSON of a column, without the JSON strings around it."""
    if isinstance(cover, str):
        text = cover.strip()
    elif isinstance(cover, bytes | bytearray):
        text = text_of(cover).strip()
    else:
        return cover
    if text.startswith("{"):
        return _parse(text)
    if not text or text == "null":
        return None
    if text[0] not in _FIRST_JSON:
        if not _SCHEME.match(text):
            raise NotJsonError
        return split_urls(text) if _is_several(text) else _unescape(without_ends(text))
    value: object = text
    for _ in range(_MAX_DEPTH):
        value = _parse(text)
        if not isinstance(value, str) or not (text := value.strip()):
            break
        if text[0] not in _FIRST_JSON and text != "null":
            break
    return value


def _is_several(text: str) -> bool:
    """Return whether text that begins with a URL has more in it."""
    return text.find("//", 9) > 0 or "&amp;" in text or "&#" in text or "<" in text


def _parse(text: str) -> object:
    if len(text) > MAX_COVER_LENGTH:
        raise NotJsonError
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotJsonError from error


def _unescape(url: str) -> str:
    r"""Undo JSON's escapes in a URL that was stored without its quotes (``https:\/\/``)."""
    if "\\" not in url:
        return url
    try:
        value = orjson.loads(f'"{url}"')
    except orjson.JSONDecodeError:
        return url
    return value if isinstance(value, str) else url


def _walk(
    value: object,
    found: list[_Found],
    depth: int,
    animated: bool,  # noqa: FBT001 - in a push's innermost loop, where names cost time
    under_cover: bool | None,  # noqa: FBT001 - as above
) -> None:
    """Add URLs to `found`, in the order of preference within each object.

    `under_cover` is whether a key above names a cover; None if there is no key above.
    """
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        animated = animated or _is_animated(value.get("id"))
        for key, inherits, is_animated, is_cover in _reading_order(tuple(value)):
            below = value[key]
            covers = under_cover if inherits else bool(under_cover or is_cover)
            if isinstance(below, str):
                _walk_text(below, found, depth + 1, animated or is_animated, covers)
            elif isinstance(below, list | dict):
                _walk(below, found, depth + 1, animated or is_animated, covers)
    elif isinstance(value, list):
        for each in value:
            if isinstance(each, str):
                _walk_text(each, found, depth + 1, animated, under_cover)
            else:
                _walk(each, found, depth + 1, animated, under_cover)


def _is_animated(name: object) -> bool:
    """Return whether yt-dlp's name of a thumbnail is that of an animated one."""
    return isinstance(name, str) and bool(_ANIMATED.search(name))


def _walk_text(
    raw: str,
    found: list[_Found],
    depth: int,
    animated: bool,  # noqa: FBT001 - as in `_walk`
    under_cover: bool | None,  # noqa: FBT001 - as above
) -> None:
    text = raw.strip()
    if depth > _MAX_DEPTH or not text:
        return
    if text[0] not in _FIRST_JSON:
        if _SCHEME.match(text):
            urls = split_urls(text) if _is_several(text) else [text]
            found.extend((url, animated, under_cover is not False) for url in urls)
        elif text[:2] == "//" or (under_cover is not False and has_no_scheme(text)):
            found.append((with_scheme(text), animated, under_cover is not False))
        return
    try:
        value = _parse(text)
    except NotJsonError:
        return  # a title such as "[LIVE] ..." beside the covers
    if isinstance(value, str):
        _walk_text(value, found, depth + 1, animated, under_cover)
    else:
        _walk(value, found, depth + 1, animated, under_cover)


@lru_cache(maxsize=256)
def _reading_order(keys: tuple[object, ...]) -> list[tuple[str, bool, bool, bool]]:
    """Return an object's keys, preferred first: (key, inherits, is animated, is cover).

    Cached, because all objects of a table have the same few sets of keys.
    """
    wanted = [key for key in keys if isinstance(key, str) and not _IGNORED.match(key)]
    return [
        (
            key,
            key in _INHERITING,
            key not in _INHERITING and bool(_ANIMATED.search(key)),
            bool(_COVER.search(key)),
        )
        for key in sorted(wanted, key=_preference)
    ]


def _preference(key: str) -> int:
    return _PREFERRED.index(key) if key in _PREFERRED else len(_PREFERRED)
