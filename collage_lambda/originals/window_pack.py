"""A window's originals in one pack. Edge (temporary files).

Signed URLs die within hours, so a replay rebuilds a collage from the bytes that were downloaded the
first time. Members are named by cell (``0007``); the index tells each one's identity, URL and
sha256.
"""

from __future__ import annotations

import hashlib
import zipfile
from typing import IO, Literal

import msgspec

from collage_lambda.originals.pack import Pack, open_pack


class OriginalsEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One original within a pack."""

    index: int
    identity: str
    url: str
    sha256: str

    @property
    def member(self) -> str:
        """Name of the original within the pack."""
        return f"{self.index:04d}"


class OriginalsIndex(msgspec.Struct, frozen=True, kw_only=True):
    """What a pack holds."""

    schema: Literal[1] = 1
    images: tuple[OriginalsEntry, ...]


class OriginalsPacker(Pack):
    """Collects originals as they arrive."""

    def __init__(self) -> None:
        """Begin an empty pack."""
        super().__init__()
        self._entries: list[OriginalsEntry] = []

    def keep(self, entry: OriginalsEntry, data: bytes) -> None:
        """Add an original, unless the pack would outgrow `pack.MAX_TOTAL_BYTES`."""
        if self.has_room(data):
            self.add(entry.member, data)
            self._entries.append(entry)

    @property
    def count(self) -> int:
        """Number of originals kept."""
        return len(self._entries)

    def finish(self) -> IO[bytes]:
        """Close the pack and return it, to be read from its start; nothing can be added then."""
        ordered = tuple(sorted(self._entries, key=lambda entry: entry.index))
        return self.seal(OriginalsIndex(images=ordered))


class StoredOriginals:
    """Originals of an earlier build, read one by one."""

    def __init__(self, file: IO[bytes]) -> None:
        """Read the index of a pack; `DecodeError` where `file` is none."""
        self._zip, index = open_pack(file, OriginalsIndex)
        self._entries = {entry.identity: entry for entry in index.images}

    def read(self, identity: str) -> bytes | None:
        """Return an image's original, or None where it is not there or not what it was."""
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
