"""What was read of a file, so that a changed file is continued only if that is the same. Edge.

A push stores the SHA-256 of a file's text up to its cursor with each chunk. If the file has changed
when the push is resumed, such as because a broken row was mended, the same text before the cursor
means that everything which was sent is still what the file says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from stream_ingest.sources.csv_file import open_text
from stream_ingest.sources.source import Cursor
from stream_ingest.sources.text_stream import TextStream, UnreadableError


class FilePrefix:
    """The growing hash of the beginning of one file."""

    def __init__(self, path: Path) -> None:
        """Read `path` when a digest is needed."""
        self._path = path
        self._text: TextStream | None = None
        self._position, self._last = 0, b""
        self._hash = hashlib.sha256()

    def digest(self, cursor: Cursor | None) -> bytes | None:
        """Return the digest of the text before `cursor`; None if it cannot be told.

        Cursors must not go back. A compressed or UTF-16 file has none, because it would have to be
        read from its beginning each time, and neither has a text that ends within a row.
        """
        if cursor is None or len(cursor) == 1:  # of an older version: a number of rows
            return None
        if self._text is None:
            self._text = open_text(self._path)
        if not self._text.is_seekable:
            return None
        for block in _first(self._text.blocks(self._position), int(cursor[0]) - self._position):
            self._hash.update(block)
            self._position += len(block)
            self._last = block[-1:]
        if self._position != cursor[0] or self._last not in {b"\n", b"\r"}:
            return None
        return self._hash.digest()


def is_same_before(path: Path, cursor: Cursor | None, digest: bytes | None) -> bool:
    """Return whether a file's text before `cursor` is known to be that of `digest`."""
    try:
        return digest is not None and FilePrefix(path).digest(cursor) == digest
    except UnreadableError:
        return False


def _first(blocks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Yield the first `size` bytes of some blocks."""
    while size > 0 and (block := next(blocks, b"")):
        yield block[:size]
        size -= len(block)
