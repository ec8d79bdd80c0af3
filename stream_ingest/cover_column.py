"""URLs out of a cover column, whatever shape it has. Pure.

The cover column of real tables holds a bare URL, a JSON string, a list, ``{"url_list": [...]}`` or
an object of several covers (nine shapes and their broken cousins); all of them are read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import orjson

MAX_COVER_LENGTH = 65_536
_MAX_DEPTH = 6

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_ANIMATED = re.compile(r"dynamic|animated", re.IGNORECASE)
_HEIC = re.compile(r"\.hei[cf](?:$|[?#])", re.IGNORECASE)

_COVER = re.compile(r"cover|thumb", re.IGNORECASE)
"""Keys that hold covers. Other keys are read too, and count where no key says cover."""
_OF_ITS_PARENT = frozenset({"url", "urls", "url_list", "urlList"})
_NOT_THE_VIDEO = re.compile(r"uri$|avatar|author|music", re.IGNORECASE)
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
    """The column looks like JSON, or like nothing known, and does not parse."""


def text_of(value: object) -> str:
    """Return a column's value as text: bytes as UTF-8, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else str(value)


def candidate_urls(cover: object) -> list[str]:
    """Return every URL in a cover column, the best first: static, then HEIC, then animated.

    URLs under keys that do not speak of covers (a video's share link, say) are returned only where
    there are no others. Raises `NotJsonError` for text that is neither a URL nor JSON.
    """
    found = list(_walk(_unwrapped(cover), _Place()))
    covers = [each for each in found if each.is_cover] or found
    return [each.url for each in sorted(covers, key=_rank)]


class _Place(msgspec.Struct, frozen=True):
    """Where in a cover column a value stands."""

    depth: int = 0
    animated: bool = False
    under_cover: bool | None = None
    """Whether a key above says cover; None where there is no key above."""

    def below(self, key: str | None = None) -> _Place:
        under_cover, animated = self.under_cover, self.animated
        if key is not None and key not in _OF_ITS_PARENT:
            under_cover = bool(under_cover or _COVER.search(key))
            animated = animated or bool(_ANIMATED.search(key))
        return _Place(self.depth + 1, animated, under_cover)


class _Found(msgspec.Struct, frozen=True):
    url: str
    animated: bool
    is_cover: bool


def _rank(found: _Found) -> int:
    return 2 if found.animated else 1 if _HEIC.search(found.url) else 0


def _unwrapped(cover: object) -> object:
    """Return the URL or the parsed JSON of a column, out of any JSON strings around it."""
    if not isinstance(cover, str | bytes | bytearray):
        return cover
    text = text_of(cover).strip()
    if text and text != "null" and text[0] not in _FIRST_JSON:
        if not _SCHEME.match(text):
            raise NotJsonError
        return _unescape(text)
    value: object = text or None
    for _ in range(_MAX_DEPTH):
        if not isinstance(value, str) or not (text := value.strip()):
            break
        if text[0] not in _FIRST_JSON and text != "null":
            break
        value = _parse(text)
    return value


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


def _walk(value: object, place: _Place) -> Iterator[_Found]:
    """Yield what looks like a URL, in the order of preference within each object."""
    if place.depth > _MAX_DEPTH:
        return
    if isinstance(value, str):
        yield from _walk_text(value.strip(), place)
    elif isinstance(value, list):
        for each in value:
            yield from _walk(each, place.below())
    elif isinstance(value, dict):
        keys = [key for key in value if isinstance(key, str) and not _NOT_THE_VIDEO.match(key)]
        for key in sorted(keys, key=_preference):
            yield from _walk(value[key], place.below(key))


def _walk_text(text: str, place: _Place) -> Iterator[_Found]:
    if text and text[0] in _FIRST_JSON:
        try:
            value = _parse(text)
        except NotJsonError:
            return  # a title such as "[LIVE] ..." beside the covers
        yield from _walk(value, place.below())
    elif _SCHEME.match(text):
        yield _Found(text, place.animated, place.under_cover is not False)


def _preference(key: str) -> int:
    return _PREFERRED.index(key) if key in _PREFERRED else len(_PREFERRED)
