"""An object of S3 as a file of which only the parts that are read are downloaded. Edge (S3)."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import IO, cast

_BLOCK_BYTES = 64 * 1024
_TAIL_BYTES = 16 * 1024
"""The end of a zip is read again and again: a pack of originals has its whole index there."""


class RangeFile(io.RawIOBase):
    """A seekable file; every read is one request for a range of bytes, all of its end together."""

    def __init__(self, size: int, read_range: Callable[[int, int], bytes]) -> None:
        """`read_range` returns the bytes between two positions, both included."""
        self._size, self._read_range, self._at = size, read_range, 0
        self._tail_at = max(0, size - _TAIL_BYTES)
        self._tail: bytes | None = None

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: object) -> int:
        """Read as many bytes as fit into `buffer` and exist; return their number."""
        view = memoryview(cast("bytearray", buffer))
        last = min(self._at + len(view), self._size) - 1
        if last < self._at:
            return 0
        data = self._bytes(self._at, last)
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _bytes(self, first: int, last: int) -> bytes:
        if first < self._tail_at:
            return self._read_range(first, last)
        if self._tail is None:
            self._tail = self._read_range(self._tail_at, self._size - 1)
        return self._tail[first - self._tail_at : last + 1 - self._tail_at]


def open_range(size: int, read_range: Callable[[int, int], bytes]) -> IO[bytes]:
    """Return a buffered file that reads an object of `size` bytes in blocks of 64 KB."""
    return cast("IO[bytes]", io.BufferedReader(RangeFile(size, read_range), _BLOCK_BYTES))
