"""Many images in one object: an uncompressed zip with an index. Edge (temporary files).

Members are the bytes as they were downloaded, and lie in the object as they are, so that one can be
read by its range. Up to 16 MB are held in memory, more goes to a temporary file.
"""

from __future__ import annotations

import tempfile
import zipfile
from types import TracebackType
from typing import IO, Self, TypeVar, cast

import msgspec

from stream_ingest.contracts.errors import DecodeError

INDEX_MEMBER = "index.json"
MAX_TOTAL_BYTES = 256 * 1024 * 1024
"""Images beyond this are left out: half of what Lambda's /tmp holds unless configured."""
_IN_MEMORY_BYTES = 16 * 1024 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a zip can tell; the same in every pack, as it says nothing."""

I_ = TypeVar("I_", bound=msgspec.Struct)


def spool() -> IO[bytes]:
    """Return an empty temporary file that lives in memory as long as it is small."""
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - the caller closes it
    return cast("IO[bytes]", file)


class Pack:
    """A pack in the making; a context manager that drops it in the end."""

    def __init__(self) -> None:
        """Begin an empty pack."""
        self._file = spool()
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED)
        self._bytes = 0

    def has_room(self, data: bytes) -> bool:
        """Tell whether an image still fits."""
        return self._bytes + len(data) <= MAX_TOTAL_BYTES

    def add(self, member: str, data: bytes) -> int:
        """Add an image and return where its bytes begin."""
        self._zip.writestr(zipfile.ZipInfo(member, _EPOCH), data)
        self._bytes += len(data)
        return self._file.tell() - len(data)

    def seal(self, index: msgspec.Struct) -> IO[bytes]:
        """Close the pack and return it, to be read from its start; nothing can be added then."""
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


def open_pack(file: IO[bytes], index: type[I_]) -> tuple[zipfile.ZipFile, I_]:
    """Return a pack and its index; `DecodeError` where `file` is none."""
    try:
        pack = zipfile.ZipFile(file)
        return pack, msgspec.json.decode(pack.read(INDEX_MEMBER), type=index)
    except (zipfile.BadZipFile, KeyError, msgspec.DecodeError) as error:
        msg = f"pack: {error}"
        raise DecodeError(msg) from error
