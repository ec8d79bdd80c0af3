"""Reads rows from the text of a CSV file, with the position after each. Pure.

Reads real-world dialects: any order of columns, extra columns, names in any case and with spaces
around them, comma, semicolon, tab or bar as delimiter, quoted newlines, every line ending, empty
lines. Reading can resume at the position of any row, and yields the same rows.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

import msgspec

from stream_ingest.sources.source import Columns, Page, SourceRow
from stream_ingest.sources.text_stream import TEXT_ERRORS, TextStream, UnreadableError

PAGE_ROWS = 5_000
PAGE_BYTES = 4 << 20
"""A page ends with the row that reaches either limit."""
MAX_ROW_BYTES = 16 << 20
"""A longer row is an unclosed quote, or the file is not CSV."""
MAX_HEADER_BYTES = 1 << 20
_DELIMITERS = ",;\t|"
_MAX_EXCERPT = 300


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """The header: indexes of the three columns, the delimiter, and the start of the rows."""

    where: tuple[int, int, int]
    delimiter: str
    position: int
    line: int
    """Number of lines of the header, including empty lines before it."""


class CsvText:
    """The rows of one text."""

    def __init__(self, text: TextStream, columns: Columns) -> None:
        """Read the header; raises `UnreadableError` if it lacks a column."""
        self._text = text
        self.layout = read_layout(_head(text), columns)

    def pages(self, after: tuple[int, int] | None = None) -> Iterator[Page]:
        """Yield pages, starting after the header or after a page's cursor.

        A cursor is the position after a page's last row and the number of lines up to there. If the
        file becomes unreadable, `UnreadableError` is raised after all rows before that place.
        """
        layout = self.layout
        begin, line = cursor = after or (layout.position, layout.line)
        rows: list[SourceRow] = []
        failure = None
        reader = _RowReader(self._text.blocks(begin), layout.delimiter, begin, line)
        try:
            for fields in reader:
                cursor = (reader.position, reader.line)
                if fields:
                    rows.append(_select(fields, layout.where))
                if len(rows) == PAGE_ROWS or cursor[0] - begin >= PAGE_BYTES:
                    yield Page(rows=rows, cursor=cursor)
                    rows, begin = [], cursor[0]
        except UnreadableError as error:
            failure = error
        if rows:
            yield Page(rows=rows, cursor=cursor)
        if failure is not None:
            raise failure


def read_layout(head: bytes, columns: Columns) -> Layout:
    """Return the layout of the first row, with the first delimiter that gives all three columns."""
    headers = [_header(head, delimiter) for delimiter in _DELIMITERS]
    wanted = [name.casefold() for name in columns.names()]
    for delimiter, (names, position, line) in zip(_DELIMITERS, headers, strict=True):
        if set(wanted) <= set(names):
            first, second, third = map(names.index, wanted)
            where = (first, second, third)
            return Layout(where=where, delimiter=delimiter, position=position, line=line)
    names, _, line = headers[0]
    missing = [name for name in columns.names() if name.casefold() not in names]
    shown = ", ".join(names)[:_MAX_EXCERPT].encode("utf-8", "replace").decode() or "empty"
    reason = f"the file has no column {', '.join(missing)}; its header is {shown}"
    raise UnreadableError(max(line, 1), reason)


def _header(head: bytes, delimiter: str) -> tuple[list[str], int, int]:
    """Return the names in the first row that is not empty, and the position and line after it."""
    reader = _RowReader(iter([head] if head else []), delimiter, 0, 0)
    for fields in reader:
        if any(fields):
            return [name.strip().casefold() for name in fields], reader.position, reader.line
    return [], reader.position, reader.line


def _head(text: TextStream) -> bytes:
    """Return the beginning of a text, long enough for any header, or less if the file is broken.

    In that case reading the rows raises the error again.
    """
    found = b""
    try:
        for block in text.blocks(0):
            found += block
            if len(found) >= MAX_HEADER_BYTES:
                break
    except UnreadableError:
        if not found:
            raise
    return found


def _select(fields: list[str], where: tuple[int, int, int]) -> SourceRow:
    """Return the three values; those missing in a short row are empty, and so are refused later."""
    first, second, third = (fields[at] if at < len(fields) else "" for at in where)
    return first, second, third


class _RowReader:
    """Rows of a text, including empty ones; `position` and `line` are those after the last row."""

    def __init__(self, blocks: Iterator[bytes], delimiter: str, position: int, line: int) -> None:
        self.position, self.line = position, line
        self._lines = _lines(blocks)
        self._row_bytes = 0
        self._ended = False
        csv.field_size_limit(MAX_ROW_BYTES)
        self._reader = csv.reader(self._next_lines(), delimiter=delimiter)

    def __iter__(self) -> Iterator[list[str]]:
        while True:
            first_line = self.line + 1
            self._row_bytes = 0
            try:
                fields = next(self._reader, None)
            except csv.Error as error:
                raise UnreadableError(first_line, str(error)) from error
            if fields is None:
                return
            if self._ended:  # the csv module wanted more lines at the end of the file
                raise UnreadableError(first_line, "a quote is opened and never closed")
            yield fields

    def _next_lines(self) -> Iterator[str]:
        """Yield lines to the csv module, which takes only as many as a row needs."""
        try:
            for raw in self._lines:
                self.position += len(raw)
                self.line += 1
                self._row_bytes += len(raw)
                if self._row_bytes > MAX_ROW_BYTES:
                    raise _row_too_long(self.line)
                yield raw.decode("utf-8", TEXT_ERRORS)
        except UnreadableError as error:
            raise UnreadableError(error.line or self.line + 1, error.reason) from error
        self._ended = True


def _row_too_long(line: int) -> UnreadableError:
    reason = f"a row of more than {MAX_ROW_BYTES >> 20} MiB, or a quote that is not closed"
    return UnreadableError(line, reason)


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield lines with their endings (CR, LF or both); the last may have none."""
    rest = b""
    for block in blocks:
        lines = (rest + block).splitlines(keepends=True)
        # A CR at the end may be half of a CRLF.
        rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
        yield from lines
        if len(rest) > MAX_ROW_BYTES:
            break
    if rest:
        yield rest
