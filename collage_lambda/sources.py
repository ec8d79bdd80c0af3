"""A window's originals in one object: an uncompressed zip with an index. Edge (temporary files).

Signed URLs die within hours, so a replay rebuilds a collage from the bytes that were downloaded the
first time. Members are named by cell (``0007``); ``index.json`` tells each one's identity, URL and
sha256. Up to 16 MB are held in memory, more goes to a temporary file.
"""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from types import TracebackType
from typing import IO, Literal, Self, cast

import msgspec

from stream_ingest.errors import DecodeError

INDEX_MEMBER = "index.json"
MAX_TOTAL_BYTES = 256 * 1024 * 1024
"""Originals beyond this are not kept: half of what Lambda's /tmp holds unless configured."""
_IN_MEMORY_BYTES = 16 * 1024 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a zip can tell; the same in every pack, as it says nothing."""


class SourceEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One original within a pack."""

    index: int
    identity: str
    url: str
    sha256: str

    @property
    def member(self) -> str:
        """Name of the original within the pack."""
        return f"{self.index:04d}"


class SourceIndex(msgspec.Struct, frozen=True, kw_only=True):
    """What a pack holds."""

    schema: Literal[1] = 1
    images: tuple[SourceEntry, ...]


def spool() -> IO[bytes]:
    """Return an empty temporary file that lives in memory as long as it is small."""
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - the caller closes it
    return cast("IO[bytes]", file)


class SourcePacker:
    """Collects originals as they arrive; a context manager that drops the pack in the end."""

    def __init__(self) -> None:
        """Begin an empty pack."""
        self._file = spool()
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED)
        self._entries: list[SourceEntry] = []
        self._bytes = 0

    def keep(self, entry: SourceEntry, data: bytes) -> None:
        """Add an original, unless the pack would outgrow `MAX_TOTAL_BYTES`."""
        if self._bytes + len(data) > MAX_TOTAL_BYTES:
            return
        self._zip.writestr(zipfile.ZipInfo(entry.member, _EPOCH), data)
        self._entries.append(entry)
        self._bytes += len(data)

    @property
    def count(self) -> int:
        """Number of originals kept."""
        return len(self._entries)

    def finish(self) -> IO[bytes]:
        """Close the pack and return it, to be read from its start; nothing can be added then."""
        index = SourceIndex(images=tuple(sorted(self._entries, key=lambda entry: entry.index)))
        self._zip.writestr(zipfile.ZipInfo(INDEX_MEMBER, _EPOCH), msgspec.json.encode(index))
        self._zip.close()
        self._file.seek(0)
        return self._file

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Drop the pack's memory or temporary file."""
        self._zip.close()
        self._file.close()


class StoredSources:
    """Originals of an earlier build, read one by one."""

    def __init__(self, file: IO[bytes]) -> None:
        """Read the index of a pack; `DecodeError` where `file` is none."""
        try:
            self._zip = zipfile.ZipFile(file)
            index = msgspec.json.decode(self._zip.read(INDEX_MEMBER), type=SourceIndex)
        except (zipfile.BadZipFile, KeyError, msgspec.DecodeError) as error:
            msg = f"sources: {error}"
            raise DecodeError(msg) from error
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
