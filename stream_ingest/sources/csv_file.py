"""Reads rows from a CSV file with a header. Edge (disk)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from stream_ingest.contracts.date_form import PLAIN, DateForm
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.timestamps import from_epoch_ms
from stream_ingest.records.dates import DateError, read_moment
from stream_ingest.sources.creator_filter import EVERYBODY, CreatorFilter
from stream_ingest.sources.csv_text import CsvText
from stream_ingest.sources.source import Columns, Cursor, Page, SourceRow
from stream_ingest.sources.text_stream import TextStream, UnreadableError
from stream_ingest.sources.timerange import TimeRange

_BLOCK_BYTES = 1 << 20


def read_csv(path: Path, columns: Columns, dates: DateForm = PLAIN) -> CsvText:
    """Return a file's text, with its header read; raises `OSError` and `UnreadableError`."""
    return CsvText(open_text(path), columns, dates)


def open_text(path: Path) -> TextStream:
    """Return a file's content as text; raises `OSError` and `UnreadableError`."""

    def open_at(start: int) -> Iterator[bytes]:
        with path.open("rb") as file:
            file.seek(start)
            while block := file.read(_BLOCK_BYTES):
                yield block

    return TextStream(open_at)


class CsvSource:
    """A CSV file in any of the forms that `csv_text` reads, compressed by gzip or not."""

    def __init__(
        self,
        path: Path,
        columns: Columns,
        *,
        within: TimeRange,
        creators: CreatorFilter = EVERYBODY,
        dates: DateForm = PLAIN,
    ) -> None:
        """Read rows with created_at `within`, and of `creators` only.

        `dates` is what the file's owner says of its dates.
        """
        self._path, self._columns, self._dates = path, columns, dates
        self._within, self._creators = within, creators
        self.remarks: tuple[str, ...] = ()
        """What a user should know about how the file was read."""

    @property
    def problem(self) -> None:
        """Nothing: a file that cannot be read to its end raises an error."""

    @property
    def is_whole(self) -> bool:
        """Whether rows of every time and creator are read."""
        return not self._creators and self._within == TimeRange()

    async def check(self) -> None:
        """Raise `UserError` if the file cannot be read or its header lacks a column."""
        with self._plain_errors():
            read_csv(self._path, self._columns, self._dates)

    async def pages(self, after: Cursor | None = None) -> AsyncIterator[Page]:
        """Yield pages of rows; raises `UserError` that names the line if one cannot be parsed.

        The cursor is that of `CsvText.pages`; one of a single number, which older checkpoints
        have, is a number of rows.
        """
        with self._plain_errors():
            text = read_csv(self._path, self._columns, self._dates)
            if after is not None and len(after) == 1:
                after = text.cursor_after(int(after[0]))
            for page in text.pages(after):
                self.remarks = text.remarks
                rows = [row for row in page.rows if self._matches(row, page.form)]
                if rows:
                    yield Page(rows=rows, cursor=page.cursor, form=page.form)

    @contextlib.contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            msg = f"cannot read {self._path}: {error.strerror}"
            raise UserError(msg) from error
        except UnreadableError as error:
            where = f"{self._path}, line {error.line}" if error.line else f"{self._path}"
            msg = f"{where}: {error.reason}"
            raise UserError(msg) from error

    def _matches(self, row: SourceRow, form: DateForm) -> bool:
        if not self._creators.matches(row[0]):
            return False
        if self._within.since is None and self._within.until is None:
            return True
        try:
            moment = from_epoch_ms(read_moment(row[2], form))
        except DateError:
            return True  # the push refuses and counts it as bad_date
        return (self._within.since is None or moment >= self._within.since) and (
            self._within.until is None or moment < self._within.until
        )
