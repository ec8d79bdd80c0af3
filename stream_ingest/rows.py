"""Rows as read become cover rows or refusals with a reason. Pure.

The cover column of real tables holds a bare URL, a JSON string, a list, ``{"url_list": [...]}`` or an
object of several covers (nine shapes and their broken cousins); all of them are read here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum

import msgspec
import orjson

from stream_ingest.identity import expires_at, image_identity
from stream_ingest.naming import is_creator_name

MAX_COVER_BYTES = 65_536
MAX_URL_LENGTH = 2_048
MAX_FALLBACKS = 3
_MAX_DEPTH = 6

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_FETCHABLE = re.compile(r"https?://[^\s/?#@\\]+(?:[/?#][^\s\x00-\x1f\x7f\\]*)?$", re.IGNORECASE)
_ANIMATED = re.compile(r"dynamic|animated", re.IGNORECASE)
_HEIC = re.compile(r"\.hei[cf](?:$|[?#])", re.IGNORECASE)

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
_IGNORED = frozenset({"uri", "avatar", "author", "music"})
_FIRST_JSON = frozenset('{["')


class RefusalReason(StrEnum):
    """Why a row was refused; the names are those of status, summaries and metrics."""

    BAD_JSON = "bad_json"
    NO_URL = "no_url"
    BAD_URL = "bad_url"
    EXPIRED = "expired"
    BAD_CREATOR = "bad_creator"
    BAD_DATE = "bad_date"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


class CoverRow(msgspec.Struct, frozen=True, kw_only=True):
    """One cover image of one creator, as read from a source and found fit."""

    creator: str
    url: str
    fallbacks: tuple[str, ...] = ()
    identity: str
    created_at_ms: int
    """UTC, milliseconds since 1970."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was refused, with enough of it that a person can find and mend it."""

    reason: RefusalReason
    creator: str
    cover: str
    created_at: str


class _NotJsonError(ValueError):
    """The column looks like JSON, or like nothing known, and does not parse."""


def admit(creator: object, cover: object, created_at: object, now_s: int) -> CoverRow | Refusal:
    """Return the row fit for the stream, or why it is refused; never raises for any input."""
    try:
        return _admit(creator, cover, created_at, now_s)
    except _NotJsonError:
        return _refuse(RefusalReason.BAD_JSON, creator, cover, created_at)


def _admit(creator: object, cover: object, created_at: object, now_s: int) -> CoverRow | Refusal:
    name = _text(creator)
    if not is_creator_name(name):
        return _refuse(RefusalReason.BAD_CREATOR, creator, cover, created_at)
    seen = list(dict.fromkeys(candidate_urls(cover)))
    if not seen:
        return _refuse(RefusalReason.NO_URL, creator, cover, created_at)
    usable = [url for url in seen if len(url) <= MAX_URL_LENGTH and _FETCHABLE.match(url)]
    if not usable:
        return _refuse(RefusalReason.BAD_URL, creator, cover, created_at)
    alive = [url for url in usable if (expires_at(url) or now_s + 1) > now_s]
    if not alive:
        return _refuse(RefusalReason.EXPIRED, creator, cover, created_at)
    moment = _moment(created_at)
    if moment is None:
        return _refuse(RefusalReason.BAD_DATE, creator, cover, created_at)
    return CoverRow(
        creator=name,
        url=alive[0],
        fallbacks=tuple(alive[1 : 1 + MAX_FALLBACKS]),
        identity=image_identity(usable[0]),
        created_at_ms=moment,
    )


def _refuse(reason: RefusalReason, creator: object, cover: object, created_at: object) -> Refusal:
    return Refusal(
        reason=reason,
        creator=_text(creator)[:200],
        cover=_text(cover)[:500],
        created_at=_text(created_at)[:40],
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else str(value)


def _moment(value: object) -> int | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp() * 1000)


def candidate_urls(cover: object) -> list[str]:
    """Return every URL in a cover column, the best first: static, then HEIC, then animated.

    Raises `_NotJsonError` for text that is neither a URL nor JSON.
    """
    value = cover
    if cover is None or isinstance(cover, str | bytes | bytearray):
        text = _text(cover).strip()
        if not text:
            return []
        value = _parse(text)
    return [url for _, url in sorted(_walk(value, animated=False, depth=0), key=_rank)]


def _rank(found: tuple[bool, str]) -> int:
    animated, url = found
    return 2 if animated else 1 if _HEIC.search(url) else 0


def _parse(text: str) -> object:
    if len(text) > MAX_COVER_BYTES:
        raise _NotJsonError
    if text[0] in _FIRST_JSON or text == "null":
        try:
            return orjson.loads(text)
        except (orjson.JSONDecodeError, UnicodeEncodeError) as error:
            raise _NotJsonError from error
    if _SCHEME.match(text):
        return _unescape(text) if "\\" in text else text
    raise _NotJsonError


def _unescape(url: str) -> str:
    """Undo JSON's escapes in a URL that was stored without its quotes (``https:\\/\\/``)."""
    try:
        value = orjson.loads(f'"{url}"')
    except orjson.JSONDecodeError:
        return url
    return value if isinstance(value, str) else url


def _walk(value: object, *, animated: bool, depth: int) -> Iterator[tuple[bool, str]]:
    """Yield (animated, url) in the order of preference within each object."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, str):
        text = value.strip()
        if text[:1] in _FIRST_JSON and text:
            yield from _walk(_parse(text), animated=animated, depth=depth + 1)
        elif _SCHEME.match(text):
            yield animated, text
    elif isinstance(value, list):
        for each in value:
            yield from _walk(each, animated=animated, depth=depth + 1)
    elif isinstance(value, dict):
        for key in sorted(value, key=_preference):
            if key not in _IGNORED:
                moving = animated or bool(_ANIMATED.search(key))
                yield from _walk(value[key], animated=moving, depth=depth + 1)


def _preference(key: str) -> int:
    return _PREFERRED.index(key) if key in _PREFERRED else len(_PREFERRED)
