"""Checks source rows: each becomes a cover row, or a refusal with its reason. Pure."""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import quote

import msgspec

from stream_ingest.contracts.creators import CreatorCase, CreatorName, read_creator
from stream_ingest.contracts.identity import expires_at, image_identity, signed_image
from stream_ingest.records.cover_column import NotJsonError, candidate_urls, text_of
from stream_ingest.records.dates import PLAIN, DateError, DateForm, read_moment
from stream_ingest.records.refusal_details import (
    cover_detail,
    creator_detail,
    empty_detail,
    expired_detail,
    shorten,
    url_detail,
)

MAX_URL_LENGTH = 2_048
MAX_FALLBACKS = 3
MAX_URLS_LENGTH = 4_096
"""Maximum length of a row's URL and fallbacks together: a creator's open images share one 400-KB
item."""

_NEVER = r"\s\x00-\x1f\x7f\ud800-\udfff\\"
_FETCHABLE = re.compile(rf"https?://[^{_NEVER}/?#@]+(?:[/?#][^{_NEVER}]*)?", re.IGNORECASE)
_HOST = re.compile(r"https?://[^/?#@]+(?:[/?#]|\Z)", re.IGNORECASE)
"""What `_FETCHABLE` still has to check in text without characters of `_NEVER`."""
_ENCODED = re.compile(r"[^\x00-\x1f!-\x7f\ud800-\udfff]+")
"""What a browser encodes in a path: blanks and every character beyond ASCII."""


class RefusalReason(StrEnum):
    """Why a row was refused; the values appear in status, summaries and metrics."""

    BAD_JSON = "bad_json"
    NO_URL = "no_url"
    BAD_URL = "bad_url"
    EXPIRED = "expired"
    BAD_CREATOR = "bad_creator"
    BAD_DATE = "bad_date"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    READ_AGAIN = "read_again"
    BLOCKED = "blocked"
    NOT_SENT = "not_sent"
    DEFERRED = "deferred"


class CoverRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One cover image of one creator, read from a source and checked."""

    creator: str
    url: str
    fallbacks: tuple[str, ...] = ()
    identity: str
    created_at_ms: int
    """UTC, milliseconds since 1970."""
    identity_follows: bool = False
    """Whether `identity` is known to be that of `url`; if not, the packer compares them."""
    display_name: str = ""
    """How the row spells its creator; empty if that is `creator`."""


class RowRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """A refused row, with enough of its values to find and correct it."""

    reason: RefusalReason
    creator: str
    cover: str
    created_at: str
    detail: str = ""
    """What is wrong, such as ``line 1 column 14: unexpected character``."""


class _RefusedError(Exception):
    """A row is refused, with the reason and what is wrong."""

    def __init__(self, reason: RefusalReason, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def admit(  # noqa: PLR0913, PLR0917 - a row's three columns, and how they are read
    creator: object,
    cover: object,
    created_at: object,
    now_s: int,
    form: DateForm = PLAIN,
    case: CreatorCase = CreatorCase.KEEP,
) -> CoverRow | RowRefusal:
    """Return the row fit for the stream, or why it is refused; never raises for any input.

    `form` says how dates are read that could mean two days; `case` whether creators differ by case.
    """
    try:
        return _admit(read_creator(creator, case), creator, cover, created_at, now_s, form)
    except _RefusedError as error:
        return RowRefusal(
            reason=error.reason,
            creator=_excerpt(creator, 200),
            cover=_excerpt(cover, 500),
            created_at=_excerpt(created_at, 40),
            detail=shorten(error.detail),
        )


def _admit(  # noqa: PLR0913, PLR0917 - as `admit`
    who: CreatorName | None,
    creator: object,
    cover: object,
    created_at: object,
    now_s: int,
    form: DateForm,
) -> CoverRow:
    if who is None:
        raise _RefusedError(RefusalReason.BAD_CREATOR, creator_detail(creator))
    seen = _candidates(cover)
    first, identity = "", ""
    alive: list[str] = []
    for found in dict.fromkeys(seen) if len(seen) > 1 else seen:
        url = found if found.isascii() and " " not in found else _encode(found)
        if image := _image(url):
            if not first:
                first, identity = url, image[0]
            if image[1] is None or image[1] > now_s:
                alive.append(url)
    if not first:
        raise _RefusedError(RefusalReason.BAD_URL, url_detail(seen[0], MAX_URL_LENGTH))
    if not alive:
        expiries = [image[1] or 0 for url in map(_encode, seen) if (image := _image(url))]
        raise _RefusedError(RefusalReason.EXPIRED, expired_detail(expiries))
    try:
        moment = read_moment(created_at, form)
    except DateError as error:
        raise _RefusedError(RefusalReason.BAD_DATE, str(error)) from error
    return CoverRow(
        creator=who.name,
        url=alive[0],
        fallbacks=_fallbacks(alive) if len(alive) > 1 else (),
        identity=identity,
        created_at_ms=moment,
        identity_follows=alive[0] is first,
        display_name=who.display_name,
    )


def _candidates(cover: object) -> list[str]:
    """Return the URLs of a cover column, at least one."""
    try:
        seen = candidate_urls(cover)
    except NotJsonError as error:
        raise _RefusedError(RefusalReason.BAD_JSON, cover_detail(text_of(cover))) from error
    if not seen:
        raise _RefusedError(RefusalReason.NO_URL, empty_detail(cover, text_of(cover)))
    return seen


def _encode(url: str) -> str:
    """Return a URL with blanks and non-ASCII after its host encoded, as a browser requests it.

    A host beyond ASCII stays: the download encodes it by the current rules of IDNA.
    """
    host = url.find("/", len("https://"))
    if host < 0:
        return url
    return url[:host] + _ENCODED.sub(lambda found: quote(found[0]), url[host:])


def _image(url: str) -> tuple[str, int | None] | None:
    """Return an image's identity and the URL's expiry; None if the URL cannot be fetched."""
    if len(url) > MAX_URL_LENGTH:
        return None
    if signed := signed_image(url):  # nearly always
        return signed
    return (image_identity(url), expires_at(url)) if _is_fetchable(url) else None


def _is_fetchable(url: str) -> bool:
    if url.isascii() and url.isprintable() and " " not in url and "\\" not in url:
        return _HOST.match(url) is not None
    return _FETCHABLE.fullmatch(url) is not None


def _fallbacks(alive: list[str]) -> tuple[str, ...]:
    left = MAX_URLS_LENGTH - len(alive[0])
    kept: list[str] = []
    for url in alive[1 : 1 + MAX_FALLBACKS]:
        left -= len(url)
        if left < 0:
            break
        kept.append(url)
    return tuple(kept)


def _excerpt(value: object, length: int) -> str:
    """Return the beginning of a value's text, valid in JSON: a lone surrogate becomes ``?``."""
    return text_of(value)[:length].encode("utf-8", "replace").decode()
