"""Splits the bytes of a CSV file into rows of fields, with the position after each. Pure.

A row of one line that breaks the rules of quoting is read as well as it can be, and its values are
checked like any others. A row of several lines that breaks them is not: a quote was opened and
never closed, and rows have been swallowed by it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

import msgspec

from stream_ingest.sources.line_decoder import LineDecoder
from stream_ingest.sources.text_stream import UnreadableError

MAX_ROW_BYTES = 16 << 20
"""A longer row is an unclosed quote, or the file is not CSV."""
_PADDING = b"\0\x1a"
"""What some programs fill the end of a file with."""
_PADDING_BYTES = 1 << 16


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    r"""How fields are separated, and whether ``\"`` stands for a quote inside a field."""

    delimiter: str
    escapes: bool = False

    def options(self) -> dict[str, Any]:
        """Return the arguments of `csv.reader`."""
        return {"delimiter": self.delimiter, "escapechar": "\\" if self.escapes else None}


class RowReader:
    """Rows of a text, including empty ones; `position` and `line` are those after the last row."""

    def __init__(
        self,
        blocks: Iterator[bytes],
        dialect: Dialect,
        decoder: LineDecoder,
        position: int,
        line: int,
    ) -> None:
        """Read `blocks`, which begin at `position` after `line` lines."""
        self.position, self.line = position, line
        self._lines, self._decoder, self._dialect = _lines(blocks), decoder, dialect
        self._row_bytes = self._row_lines = 0
        self._last_line = ""
        self._ended = False
        csv.field_size_limit(MAX_ROW_BYTES)
        self._reader = csv.reader(self._next_lines(), strict=True, **dialect.options())

    def __iter__(self) -> Iterator[list[str]]:
        """Yield rows; raises `UnreadableError` with the line at which a broken one begins."""
        while True:
            first_line = self.line + 1
            self._row_bytes = self._row_lines = 0
            try:
                fields = next(self._reader, None)
            except csv.Error as error:
                if self._ended or self._row_lines > 1:
                    reason = "a quote is opened and never closed"
                    raise UnreadableError(first_line, reason) from error
                fields = self._read_leniently(first_line)
            if fields is None:
                return
            yield fields

    def _read_leniently(self, line: int) -> list[str]:
        """Return the fields of the last line, whatever its quotes are."""
        try:
            return next(csv.reader([self._last_line], **self._dialect.options()))
        except csv.Error as error:
            raise UnreadableError(line, str(error)) from error

    def _next_lines(self) -> Iterator[str]:
        """Yield lines to the csv module, which takes only as many as a row needs."""
        try:
            for raw in self._lines:
                self.position += len(raw)
                self.line += 1
                self._row_bytes += len(raw)
                self._row_lines += 1
                if self._row_bytes > MAX_ROW_BYTES:
                    raise _row_too_long(self.line)
                self._last_line = self._decoder.decode(raw)
                yield self._last_line
        except UnreadableError as error:
            raise UnreadableError(error.line or self.line + 1, error.reason) from error
        self._ended = True


def _row_too_long(line: int) -> UnreadableError:
    reason = f"a row of more than {MAX_ROW_BYTES >> 20} MiB, or a quote that is not closed"
    return UnreadableError(line, reason)


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield lines with their endings (CR, LF or both); the last may have none.

    Padding, which has no line endings, is yielded in pieces.
    """
    rest = b""
    for block in blocks:
        lines = (rest + block).splitlines(keepends=True)
        # A CR at the end may be half of a CRLF.
        rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
        yield from lines
        if len(rest) > _PADDING_BYTES and not rest.strip(_PADDING):
            yield rest
            rest = b""
        elif len(rest) > MAX_ROW_BYTES:
            break
    if rest:
        yield rest
