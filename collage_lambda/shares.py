"""Where the originals of a window are that shares a pack with others. Pure.

The objects of a window that are put first, thumbnail and metadata document, have this text as
metadata of S3. A rebuild reads that anyway, and it outlives the window's item. Without it, the
originals are under the window's own key.
"""

from __future__ import annotations

import re
from typing import Self

import msgspec

MAX_SHARED_BYTES = 64 * 1024 * 1024
"""A window that does not fit into a pack any more stores its originals itself. Twelve of 35 covers
of 150 KB fit. It bounds the upload, and what the pack takes of /tmp."""
SHARED_PREFIX = "originals/shared/"
_KEY = re.compile(SHARED_PREFIX + "[0-9a-f]{24}[.]zip")
"""Not a window's own key: its number has at most twelve digits."""
_SHARE = re.compile(
    f"(?P<key>{_KEY.pattern})#(?P<offset>[0-9]{{1,12}})[+](?P<length>[0-9]{{1,12}})"
)


def shared_key(token: str) -> str:
    """Return the key of a pack with the originals of several windows; `token` is 24 hex digits."""
    return f"{SHARED_PREFIX}{token}.zip"


def is_shared_key(key: str) -> bool:
    """Return whether a key in the temp bucket is one of `shared_key`."""
    return _KEY.fullmatch(key) is not None


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A range of a pack that is a zip file of its own, with the originals of one window."""

    key: str
    offset: int
    length: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the share that a text names, as `str` wrote it; None if it names none."""
        match = _SHARE.fullmatch(text)
        if match is None:
            return None
        return cls(key=match["key"], offset=int(match["offset"]), length=int(match["length"]))

    def __str__(self) -> str:
        """Return the share as text: ``originals/shared/….zip#38+5250000``."""
        return f"{self.key}#{self.offset}+{self.length}"
