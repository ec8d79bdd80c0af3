"""A file's content as UTF-8 text, decompressed and decoded. Pure.

Gzip is detected by its first bytes, an encoding by its byte order mark or, for UTF-16 without one,
by the zero bytes of Latin text. Bytes that are invalid in their encoding stay in the text as
invalid UTF-8 (`line_decoder` makes them lone surrogates), so that they spoil only their own value:
such a creator or URL is refused.

A position is a number of bytes of this text, without the byte order mark. A plain UTF-8 file is
read directly from a position; a compressed or UTF-16 file is read from its beginning and skipped.
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable, Iterable, Iterator

from stream_ingest.contracts.errors import PermanentError
from stream_ingest.sources import file_kinds
from stream_ingest.sources.rejection import Rejection

_GZIP = b"\x1f\x8b"
_INFLATE_BYTES = 1 << 20
"""Maximum text decompressed at a time: memory stays small for any compression ratio."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAX_MARK_BYTES = 4
OpenAt = Callable[[int], Iterator[bytes]]
"""Opens a file at a byte offset and returns the blocks from there on, none of them empty."""


class UnreadableError(PermanentError):
    """A file cannot be read from some line on; has the line (from 1) and the reason."""

    def __init__(self, line: int, reason: str, why: Rejection = Rejection.BROKEN) -> None:
        """`line` is 0 if no line was reached; `why` classifies the reason."""
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.line, self.reason, self.why = line, reason, why


class TextStream:
    """The text of one file; only its first bytes are held in memory."""

    def __init__(self, open_at: OpenAt) -> None:
        """Detect compression and encoding; raises `UnreadableError` for other kinds of files."""
        self._open_at = open_at
        self._is_gzip = _first(open_at(0), len(_GZIP)) == _GZIP
        beginning = _first(self._decompressed(0), file_kinds.MAX_BYTES)
        if kind := file_kinds.other_kind(beginning):
            raise UnreadableError(0, kind, Rejection.OTHER_KIND)
        self._mark, self._encoding = _encoding_of(beginning[:_MAX_MARK_BYTES])

    @property
    def is_seekable(self) -> bool:
        """Whether the text can be read from any position without reading what is before."""
        return not self._is_gzip and self._encoding == "utf-8"

    def blocks(self, position: int) -> Iterator[bytes]:
        """Yield the text from `position` on; raises `UnreadableError` if decompression fails."""
        if self.is_seekable:
            yield from self._open_at(self._mark + position)
            return
        text = _skip(self._decompressed(0), self._mark)
        if self._encoding != "utf-8":
            text = _to_utf8(text, self._encoding)
        yield from _skip(text, position)

    def _decompressed(self, start: int) -> Iterator[bytes]:
        blocks = self._open_at(start)
        return _inflate(blocks) if self._is_gzip else blocks


def _first(blocks: Iterable[bytes], size: int) -> bytes:
    """Return the first `size` bytes of a file, fewer if it is shorter."""
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


def _skip(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for block in blocks:
        if size < len(block):
            yield block[size:] if size else block
        size = max(size - len(block), 0)


def _inflate(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the content of all gzip members; zeros after the last are padding."""
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
                out = member.decompress(waiting, _INFLATE_BYTES)
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


def _to_utf8(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield text as UTF-8; unpaired surrogates become bytes that are not valid UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    try:
        for block in blocks:
            if text := decoder.decode(block):
                yield text.encode("utf-8", "surrogatepass")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise UnreadableError(0, f"the {encoding} text is broken: {error.reason}") from error
