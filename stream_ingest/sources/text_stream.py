"""A file's bytes as UTF-8 text, whatever it was packed and encoded as. Pure.

Gzip is told by its first bytes, an encoding by its byte order mark or, for UTF-16 without one, by
the zero that every other byte of Latin text is. What is not valid in its encoding stays in the text
as bytes that are no UTF-8 (`TEXT_ERRORS` makes lone surrogates of them), so that it spoils the one
value that it is in: the entrance refuses such a creator or URL.

A position is a number of bytes of that text, the mark not counted. In a plain UTF-8 file reading
goes on there at once; a packed or UTF-16 file is read from its beginning and skipped up to it.
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable, Iterable, Iterator

from stream_ingest.contracts.errors import PermanentError

TEXT_ERRORS = "surrogateescape"
_GZIP = b"\x1f\x8b"
_INFLATED_BYTES = 1 << 20
"""Text that is made of a packed block at a time: memory stays small whatever is packed."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LONGEST_MARK = 4

OpenAt = Callable[[int], Iterator[bytes]]
"""Opens a file at a byte: the blocks from there on, none of them empty."""


class UnreadableError(PermanentError):
    """A file cannot be read from some line on; says which line (from 1) and why."""

    def __init__(self, line: int, reason: str) -> None:
        """`line` is 0 where no line was reached."""
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.line, self.reason = line, reason


class TextStream:
    """The text of one file; nothing is kept of it but its first bytes."""

    def __init__(self, open_at: OpenAt) -> None:
        """Look at the beginning of the file that `open_at` opens."""
        self._open_at = open_at
        self._packed = _first(open_at(0), len(_GZIP)) == _GZIP
        beginning = _first(self._unpacked(0), _LONGEST_MARK)
        self._mark, self._encoding = _encoding_of(beginning)

    def blocks(self, position: int) -> Iterator[bytes]:
        """Yield the text from `position` on; `UnreadableError` where the packing is broken."""
        if not self._packed and self._encoding == "utf-8":
            yield from self._open_at(self._mark + position)
            return
        text = _skipped(self._unpacked(0), self._mark)
        if self._encoding != "utf-8":
            text = _as_utf8(text, self._encoding)
        yield from _skipped(text, position)

    def _unpacked(self, start: int) -> Iterator[bytes]:
        blocks = self._open_at(start)
        return _inflated(blocks) if self._packed else blocks


def _first(blocks: Iterable[bytes], size: int) -> bytes:
    """Return the first bytes of a file, fewer where it has no more."""
    found = b""
    for block in blocks:
        found += block[:size]
        if len(found) >= size:
            break
    return found[:size]


def _encoding_of(beginning: bytes) -> tuple[int, str]:
    """Return the length of the byte order mark and the encoding."""
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            return len(mark), encoding
    zeros = [byte == 0 for byte in beginning]
    if zeros == [False, True, False, True]:
        return 0, "utf-16-le"
    if zeros == [True, False, True, False]:
        return 0, "utf-16-be"
    return 0, "utf-8"


def _skipped(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for block in blocks:
        if size < len(block):
            yield block[size:] if size else block
        size = max(size - len(block), 0)


def _inflated(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what was packed, one gzip member after another; zeros behind the last are padding."""
    member: zlib._Decompress | None = None
    for block in blocks:
        waiting = block
        while waiting:
            if member is None:
                waiting = waiting.lstrip(b"\0")
                if not waiting:
                    break
                member = zlib.decompressobj(wbits=31)
            try:
                out = member.decompress(waiting, _INFLATED_BYTES)
            except zlib.error as error:
                raise UnreadableError(0, f"the gzip file is broken: {error}") from error
            if out:
                yield out
            if member.eof:
                waiting, member = member.unused_data, None
            elif not out and not member.unconsumed_tail:
                break
            else:
                waiting = member.unconsumed_tail
    if member is not None:
        raise UnreadableError(0, "the gzip file ends too early")


def _as_utf8(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield text as UTF-8; what is no pair of surrogates becomes bytes that are no UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    try:
        for block in blocks:
            if text := decoder.decode(block):
                yield text.encode("utf-8", "surrogatepass")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise UnreadableError(0, f"the {encoding} text is broken: {error.reason}") from error
