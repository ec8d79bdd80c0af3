r"""Reads rows from the text of a CSV file, with the position after each. Pure.

Reads real-world dialects: any order of columns, extra columns, other spellings of their names
(`csv_header`), comma, semicolon, tab or bar as delimiter, a ``sep=`` line, doubled quotes or
``\"``, quoted newlines, every line ending, empty rows, padding at the end, UTF-8 or Windows-1252
(`line_decoder`). Reading can resume at the position of any row, and yields the same rows.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator

from stream_ingest.contracts.date_form import PLAIN, DateForm
from stream_ingest.sources.csv_header import read_layout
from stream_ingest.sources.csv_rows import RowReader
from stream_ingest.sources.date_order import DateOrder
from stream_ingest.sources.line_decoder import WINDOWS_1252, LineDecoder
from stream_ingest.sources.source import Columns, Cursor, Page, SourceRow
from stream_ingest.sources.text_stream import TextStream, UnreadableError

PAGE_ROWS = 5_000
PAGE_BYTES = 4 << 20
"""A page ends with the row that reaches either limit."""
MAX_HEADER_BYTES = 1 << 20
_BLANK = " \t\r\n\v\f\0\x1a\xa0\ufeff\u200b"


class CsvText:
    """The rows of one text."""

    def __init__(self, text: TextStream, columns: Columns, dates: DateForm = PLAIN) -> None:
        """Read the header; raises `UnreadableError` if it lacks a column.

        `dates` is what the file's owner says of its dates.
        """
        self._text = text
        self._decoder = self._new_decoder(None)
        self.layout = read_layout(_head(text), columns, self._decoder)
        self._dates, self._order = dates, DateOrder(dates, self._all_dates)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a user should know about how the file was read so far."""
        is_1252 = self._decoder.encoding == WINDOWS_1252
        encoding = "the file is not UTF-8; it was read as Windows-1252" if is_1252 else None
        return tuple(remark for remark in (encoding, self._order.remark) if remark)

    def pages(self, after: Cursor | None = None) -> Iterator[Page]:
        """Yield pages, starting after the header or after a page's cursor.

        A cursor is the position after a page's last row, the number of lines up to there, and the
        encoding and the order of dates (`DateOrder`) once they are known. If the
        file becomes unreadable, `UnreadableError` is raised after all rows before that place.
        """
        begin, line, *known = after or (self.layout.position, self.layout.line)
        if known and known[0]:
            self._decoder = self._new_decoder(known[0])
        if len(known) > 1:
            self._order = DateOrder(self._dates, self._all_dates, known[1])
        cursor: Cursor = (begin, line, *known)
        rows: list[SourceRow] = []
        failure = None
        reader = RowReader(
            self._text.blocks(begin), self.layout.dialect, self._decoder, begin, line
        )
        try:
            for fields in reader:
                cursor = self._cursor(reader)
                row = _select(fields, self.layout.where)
                if row[0].strip(_BLANK) or not _is_blank(fields):
                    rows.append(row)
                if len(rows) == PAGE_ROWS or reader.position - begin >= PAGE_BYTES:
                    if rows:
                        yield self._page(rows, cursor)
                    rows, begin = [], reader.position
        except UnreadableError as error:
            failure = error
        if rows:
            yield self._page(rows, cursor)
        if failure is not None:
            raise failure

    def extents(self) -> Iterator[tuple[SourceRow, int, int]]:
        """Yield every row, empty ones included, with the positions where it begins and ends.

        Positions count bytes of the text in UTF-8, as `TextStream.blocks` yields it.
        """
        layout = self.layout
        blocks = self._text.blocks(layout.position)
        reader = RowReader(blocks, layout.dialect, self._decoder, layout.position, layout.line)
        begin = layout.position
        for fields in reader:
            yield _select(fields, layout.where), begin, reader.position
            begin = reader.position

    def cursor_after(self, rows: int) -> Cursor:
        """Return the cursor after a number of rows, empty ones included; reads all of them."""
        layout = self.layout
        blocks = self._text.blocks(layout.position)
        reader = RowReader(blocks, layout.dialect, self._decoder, layout.position, layout.line)
        for _ in itertools.islice(reader, rows):
            pass
        return self._cursor(reader)

    def _page(self, rows: list[SourceRow], cursor: Cursor) -> Page:
        """Return a page, once the order of its dates is decided."""
        self._order.look_at(rows)
        position, line, *encoding = cursor[:3]
        if self._order.decided:
            cursor = (position, line, encoding[0] if encoding else None, self._order.decided)
        return Page(rows=rows, cursor=cursor, form=self._order.form)

    def _all_dates(self) -> Iterator[object]:
        """Yield the dates of the whole file, up to a place where it cannot be read."""
        with contextlib.suppress(UnreadableError):
            for row, _, _ in self.extents():
                yield row[2]

    def _cursor(self, reader: RowReader) -> Cursor:
        if self._decoder.encoding is None:
            return (reader.position, reader.line)
        return (reader.position, reader.line, self._decoder.encoding)

    def _new_decoder(self, encoding: str | None) -> LineDecoder:
        return LineDecoder(lambda: self._text.blocks(0), encoding)


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


def _select(fields: list[str], where: tuple[int, int, int]) -> tuple[str, str, str]:
    """Return the three values; those missing in a short row are empty, and so are refused later."""
    first, second, third = (fields[at] if at < len(fields) else "" for at in where)
    return first, second, third


def _is_blank(fields: list[str]) -> bool:
    """Return whether a row has no value at all, as those at the end of a spreadsheet."""
    return not any(field.strip(_BLANK) for field in fields)
