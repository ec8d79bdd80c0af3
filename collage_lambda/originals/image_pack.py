"""Many images in one object: an uncompressed zip with an index. Edge (temporary files).

Members are the bytes as they were downloaded. They are stored uncompressed, so one can be read by
its byte range. A pack is in memory up to 16 MB, beyond that in a temporary file.
"""

from __future__ import annotations

import errno
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import IO, Any, Self, TypeVar, cast

import msgspec

from stream_ingest.contracts.errors import DecodeError, TransientError

INDEX_MEMBER = "index.json"
MAX_TOTAL_BYTES = 256 * 1024 * 1024
"""Images beyond this are left out: /tmp has to hold several packs (`temporary_storage.TMP_MB`)."""
_IN_MEMORY_BYTES = 16 * 1024 * 1024
_LOCAL_HEADER_BYTES = 30
"""Length of a zip member's local header without its name (APPNOTE.TXT, section 4.3.7)."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time of a zip, the same for every member, so that equal images give equal bytes."""

_FULL = "the function's temporary storage (/tmp) is full"

I_ = TypeVar("I_", bound=msgspec.Struct)


class StorageFullError(TransientError):
    """The function's /tmp is full. Built alone, a window has all of it."""


class _Spool(tempfile.SpooledTemporaryFile[bytes]):
    """A temporary file for which /tmp may be too small; then it cannot be used any more."""

    _is_full = False

    def write(self, s: Any) -> int:  # noqa: ANN401 - any buffer
        with self._noticing_full_storage():
            return super().write(s)

    def seek(self, *args: int) -> int:
        with self._noticing_full_storage():
            return super().seek(*args)

    def flush(self) -> None:
        with self._noticing_full_storage():
            super().flush()

    def close(self) -> None:
        try:
            super().close()
        except OSError as error:
            if error.errno != errno.ENOSPC:  # else there was no space for what is dropped now
                raise

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _noticing_full_storage(self) -> Iterator[None]:
        if self._is_full:
            raise StorageFullError(_FULL)
        try:
            yield
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            self._is_full = True
            raise StorageFullError(_FULL) from error


def spool(in_memory_bytes: int | None = None) -> IO[bytes]:
    """Return an empty temporary file that stays in memory while it is small.

    Its methods raise `StorageFullError` if there is no space for it.
    """
    return cast("IO[bytes]", _Spool(max_size=in_memory_bytes or _IN_MEMORY_BYTES))


class PackWriter:
    """Writes a pack; a context manager that drops its file in the end."""

    def __init__(self, in_memory_bytes: int | None = None) -> None:
        """Start an empty pack."""
        self._file = spool(in_memory_bytes)
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED)
        self._bytes = 0

    def has_room(self, data: bytes) -> bool:
        """Return whether an image still fits."""
        return self._bytes + len(data) <= MAX_TOTAL_BYTES

    def add(self, member: str, data: bytes) -> int:
        """Add an image and return the offset of its bytes."""
        self._zip.writestr(zipfile.ZipInfo(member, _EPOCH), data)
        self._bytes += len(data)
        return self._file.tell() - len(data)

    def next_offset(self, member: str) -> int:
        """Return the offset that the bytes of a member would have if it were added now."""
        return self._file.tell() + data_offset(0, member)

    def copy(self, member: str, source: IO[bytes], size: int) -> None:
        """Add a member of `size` bytes, the content of a file."""
        info = zipfile.ZipInfo(member, _EPOCH)
        info.file_size = size
        with self._zip.open(info, "w") as target:
            shutil.copyfileobj(source, target)
        self._bytes += size

    def seal(self, index: msgspec.Struct) -> IO[bytes]:
        """Add the index, close the pack and return its file, rewound; nothing can be added then."""
        self._zip.writestr(zipfile.ZipInfo(INDEX_MEMBER, _EPOCH), msgspec.json.encode(index))
        self._zip.close()
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Drop the pack's memory or temporary file."""
        try:
            with suppress(StorageFullError):  # a zip file is completed, also if it is dropped
                self._zip.close()
        finally:
            self._file.close()

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Close the pack."""
        self.close()


def data_offset(header_offset: int, member: str) -> int:
    """Return where a member's bytes begin, after its header; names are ASCII. Pure."""
    return header_offset + _LOCAL_HEADER_BYTES + len(member)


def open_pack(file: IO[bytes], index: type[I_]) -> tuple[zipfile.ZipFile, I_]:
    """Return a pack and its index; raises `DecodeError` if `file` is not a pack."""
    try:
        pack = zipfile.ZipFile(file)
        return pack, msgspec.json.decode(pack.read(INDEX_MEMBER), type=index)
    except (zipfile.BadZipFile, KeyError, RuntimeError, ValueError, msgspec.DecodeError) as error:
        msg = f"pack: {error}"
        raise DecodeError(msg) from error
