"""Why a cell is empty: a small fixed set of reasons, as data. Pure.

A missing image is not an exception. It is a `Failure` whose reason can be counted, shown on a
dashboard and acted on: a *passing* one may succeed when it is tried again later, a permanent one
will not.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class FailureReason(StrEnum):
    """Every reason for an empty cell."""

    EXPIRED = "expired"
    """The URL's signature had expired before the download; nothing was requested."""
    FORBIDDEN = "forbidden"
    """401 or 403: a CDN's answer to an expired signature."""
    NOT_FOUND = "not_found"
    """404 or 410."""
    HTTP_ERROR = "http_error"
    """Another status for which a retry is useless, or an answer that is not HTTP."""
    SERVER_ERROR = "server_error"
    """408, 425, 429 or 5xx, after all attempts."""
    TIMEOUT = "timeout"
    """The attempt, the image or the whole window ran out of time."""
    CONNECTION = "connection"
    """No connection, a broken one, or a body that ended early."""
    BLOCKED_ADDRESS = "blocked_address"
    """The host is, or resolves to, an address that is not public; or the port is not allowed."""
    BAD_URL = "bad_url"
    """Not an http(s) URL that can be fetched."""
    TOO_MANY_REDIRECTS = "too_many_redirects"
    """More redirects than are followed."""
    TOO_LARGE = "too_large"
    """The body has more bytes than one image may have."""
    NOT_AN_IMAGE = "not_an_image"
    """The first bytes are those of no known image format."""
    UNSUPPORTED_FORMAT = "unsupported_format"
    """An image format or pixel layout that is not supported."""
    TOO_SMALL = "too_small"
    """Width or height is below 50 pixels."""
    TOO_MANY_PIXELS = "too_many_pixels"
    """More pixels, or more memory to decode them, than one image may take."""
    TRUNCATED = "truncated"
    """The file ends before enough of its pixels."""
    CORRUPT = "corrupt"
    """The decoder refuses the file."""
    SAME_BYTES = "same_bytes"
    """The bytes are those of an earlier cell of the window, or with the setting `contentDedup` of
    another window of the creator, which shows them."""
    PLACEHOLDER = "placeholder"
    """An image that the stack's setting `refusedImages` names by its sha256."""
    NOT_LISTED = "not_listed"
    """The window's image list could not be read, so its images were not downloaded."""

    @property
    def is_passing(self) -> bool:
        """Return whether the same image may succeed when it is tried again later."""
        return self in _PASSING


_PASSING = frozenset({FailureReason.SERVER_ERROR, FailureReason.TIMEOUT, FailureReason.CONNECTION})


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One image's failure; `detail` is short and contains no signature."""

    reason: FailureReason
    detail: str = ""
    status: int | None = None
    """HTTP status of the last response, if there was one."""
    attempts: int = 0
    """Requests made for this URL."""
    retry_after_s: float | None = None
    """Seconds of the server's Retry-After, if it sent one."""


def representative(failures: list[Failure]) -> Failure:
    """Return the failure of an image all of whose URLs failed; `failures` must not be empty.

    A passing one wins, because the image may then succeed later; otherwise it is the first URL's.
    """
    return next((failure for failure in failures if failure.reason.is_passing), failures[0])
