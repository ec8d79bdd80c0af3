"""Why a cell stayed empty: a small fixed set of reasons, as data. Pure.

A missing image is not an exception. It is a `Failure` with a reason that can be counted, shown on a
dashboard and acted on: a *passing* one may succeed when tried again later, a permanent one not.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class FailureReason(StrEnum):
    """Every way in which an image can fail to become a cell."""

    EXPIRED = "expired"
    """The signature had run out before the download; nothing was requested."""
    FORBIDDEN = "forbidden"
    """401 or 403: how a CDN answers a dead signature."""
    NOT_FOUND = "not_found"
    """404 or 410."""
    HTTP_ERROR = "http_error"
    """Another status that repeating does not mend."""
    SERVER_ERROR = "server_error"
    """429 or 5xx, after all attempts."""
    TIMEOUT = "timeout"
    """The attempt, the image or the whole window ran out of time."""
    CONNECTION = "connection"
    """No connection, a broken one, or a body that ended early."""
    BLOCKED_ADDRESS = "blocked_address"
    """The host is, or resolves to, an address that is not public; or the port is not allowed."""
    BAD_URL = "bad_url"
    """Not an http(s) URL that can be fetched."""
    TOO_MANY_REDIRECTS = "too_many_redirects"
    TOO_LARGE = "too_large"
    """More bytes than one image may have."""
    NOT_AN_IMAGE = "not_an_image"
    UNSUPPORTED_FORMAT = "unsupported_format"
    """An image of a format, or of a pixel layout, that is not decoded here."""
    TOO_SMALL = "too_small"
    TOO_MANY_PIXELS = "too_many_pixels"
    """More pixels, or more memory to decode them, than one image may take."""
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    SAME_BYTES = "same_bytes"
    """Another URL of the window has led to the very same bytes, which have their cell already."""
    PLACEHOLDER = "placeholder"
    """A stand-in that the stack's settings refuse, by its sha256."""
    NOT_LISTED = "not_listed"
    """The window's own image list could not be read, so none of its images was looked for."""

    @property
    def is_passing(self) -> bool:
        """Tell whether the same image may succeed when it is tried again later."""
        return self in _PASSING


_PASSING = frozenset({FailureReason.SERVER_ERROR, FailureReason.TIMEOUT, FailureReason.CONNECTION})


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One image's failure; `detail` is short and holds no signature."""

    reason: FailureReason
    detail: str = ""
    status: int | None = None
    """HTTP status of the last answer, where there was one."""
    attempts: int = 0
    """Requests made for this URL."""
    retry_after_s: float | None = None
    """Seconds that the server asked to wait, where it did."""


def representative(failures: list[Failure]) -> Failure:
    """Return the failure that stands for an image whose every URL failed; `failures` is not empty.

    A passing one wins, because trying again can then help; else it is the first URL's own.
    """
    return next((failure for failure in failures if failure.reason.is_passing), failures[0])
