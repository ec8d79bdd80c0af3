"""Why a photo has no outputs: a small fixed set of reasons, as data. Pure."""

from __future__ import annotations

from enum import StrEnum


class PhotoFailure(StrEnum):
    """Every reason for which a photo fails."""

    TOO_LARGE = "too_large"
    """The file has more bytes than its recipe accepts."""
    TOO_MANY_PIXELS = "too_many_pixels"
    """The image has more pixels, or takes more memory to decode, than one photo may."""
    NOT_AN_IMAGE = "not_an_image"
    """The first bytes are those of no known image format."""
    UNSUPPORTED_FORMAT = "unsupported_format"
    """An image format or pixel layout that is not supported."""
    UNSUPPORTED_RAW = "unsupported_raw"
    """A RAW file of a kind that is not decoded and has no preview of 400 pixels or more."""
    TRUNCATED = "truncated"
    """The file ends before its pixels do."""
    CORRUPT = "corrupt"
    """The decoder refuses the file."""
    TOO_SMALL = "too_small"
    """Width or height is below 50 pixels."""
    TIMED_OUT = "timed_out"
    """The photo took more time than one photo may."""
    CRASHED = "crashed"
    """The decoder's process ended, or ran out of memory, each time it was tried."""
    ARCHIVED = "archived"
    """The original is in an archive storage class and cannot be read until it is restored."""
    GONE = "gone"
    """The original's version was deleted before it was read."""


class PhotoError(Exception):
    """A photo cannot be rendered; `detail` is one short line and contains no path."""

    def __init__(self, reason: PhotoFailure, detail: str = "") -> None:
        """Fail with `reason`."""
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
