"""A window's originals in one pack. Edge (temporary files).

Signed URLs expire within hours, so a replay rebuilds a collage from the bytes that were downloaded
the first time. Members are named by cell (``0007``); the index has each one's identity, URL and
sha256.
"""

from __future__ import annotations

import hashlib
import zipfile
from typing import IO, Literal

import msgspec

from collage_lambda.originals.image_pack import PackWriter, open_pack


class OriginalEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One original in a pack; `index` is its cell."""

    index: int
    identity: str
    url: str
    sha256: str

    @property
    def member(self) -> str:
        """Name of the zip member."""
        return f"{self.index:04d}"


class OriginalsIndex(msgspec.Struct, frozen=True, kw_only=True):
    """The index of a pack of originals."""

    schema: Literal[1] = 1
    images: tuple[OriginalEntry, ...]


class OriginalsWriter(PackWriter):
    """Writes originals in the order of their arrival."""

    def __init__(self) -> None:
        """Start an empty pack."""
        super().__init__()
        self._entries: list[OriginalEntry] = []

    def add_original(self, entry: OriginalEntry, data: bytes) -> None:
        """Add an original, unless the pack would exceed `image_pack.MAX_TOTAL_BYTES`."""
        if self.has_room(data):
            self.add(entry.member, data)
            self._entries.append(entry)

    @property
    def count(self) -> int:
        """Number of originals in the pack."""
        return len(self._entries)

    def finish(self) -> IO[bytes]:
        """Close the pack and return its file, rewound; nothing can be added then."""
        ordered = tuple(sorted(self._entries, key=lambda entry: entry.index))
        return self.seal(OriginalsIndex(images=ordered))


class OriginalsReader:
    """Reads originals of an earlier build one by one."""

    def __init__(self, file: IO[bytes]) -> None:
        """Read the index of a pack; raises `DecodeError` if `file` is not a pack."""
        self._zip, index = open_pack(file, OriginalsIndex)
        self._entries = {entry.identity: entry for entry in index.images}

    def read(self, identity: str) -> bytes | None:
        """Return an image's original, or None if it is missing or its bytes have changed."""
        entry = self._entries.get(identity)
        if entry is None:
            return None
        try:
            data = self._zip.read(entry.member)
        except (zipfile.BadZipFile, KeyError):
            return None
        return data if hashlib.sha256(data).hexdigest() == entry.sha256 else None

    @property
    def count(self) -> int:
        """Number of originals in the pack."""
        return len(self._entries)
