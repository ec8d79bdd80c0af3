"""The originals of several windows of a delivery in one pack. Edge (temporary files).

Members are the packs of originals that the windows would otherwise store one by one, so a window
reads its share by a byte range, and people open it with any zip tool. The index says whose they
are; names of members do not, so that an erasure can take a share out without moving the others.
"""

from __future__ import annotations

import os
import secrets
from typing import IO, Literal

from collage_lambda.originals.image_pack import PackWriter
from collage_lambda.originals.owned_pack import OwnedIndex, OwnedMember
from collage_lambda.shares import MAX_SHARED_BYTES, Share, shared_key

_IN_MEMORY_BYTES = 1024 * 1024
"""Little: the pack exists beside two windows' originals, which are in memory."""
_TOKEN_BYTES = 12


class SharedIndex(OwnedIndex, frozen=True, kw_only=True):
    """The index of a pack of several windows; a member's `window` is the window's id."""

    schema: Literal[1] = 1


class SharedPack(PackWriter):
    """Collects the originals of windows that are built together; a context manager."""

    def __init__(self, max_bytes: int = MAX_SHARED_BYTES) -> None:
        """Start an empty pack under a key that no other has."""
        super().__init__(_IN_MEMORY_BYTES)
        self._max_bytes = max_bytes
        self.key = shared_key(secrets.token_hex(_TOKEN_BYTES))
        self._members: list[OwnedMember] = []

    def add_share(self, creator: str, window_id: str, originals: IO[bytes]) -> Share | None:
        """Add a window's pack; return its share, None if there is no room."""
        size = originals.seek(0, os.SEEK_END)
        originals.seek(0)
        if self._bytes + size > self._max_bytes:
            return None
        name = self._next_name
        offset = self.next_offset(name)
        member = OwnedMember(creator=creator, window=window_id, offset=offset, length=size)
        self._members.append(member)  # first, so that what a full disk cuts off has a name, too
        self.copy(name, originals, size)
        return Share(key=self.key, offset=offset, length=size)

    def finish(self) -> IO[bytes]:
        """Close the pack and return its file, rewound; nothing can be added then."""
        return self.seal(SharedIndex(members=tuple(self._members)))

    @property
    def _next_name(self) -> str:
        return f"{len(self._members):04d}.zip"
