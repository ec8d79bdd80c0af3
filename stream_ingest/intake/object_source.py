"""The rows of a CSV object, as a source that a `Push` reads. Edge (S3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.reading import (
    PLAIN_READING,
    Reading,
    lay_reading_over,
    read_reading,
)
from stream_ingest.intake.job_item import ReadFailure
from stream_ingest.intake.objects import GoneError, ObjectBlocks
from stream_ingest.sources.csv_text import CsvText
from stream_ingest.sources.rejection import Rejection
from stream_ingest.sources.source import CSV_COLUMNS, Cursor, Page, parse_columns
from stream_ingest.sources.text_stream import TextStream, UnreadableError


class ObjectSource:
    """One object's rows. Ends early if it cannot be read on, with the reason in `failure`."""

    def __init__(self, blocks: ObjectBlocks, reading: Reading = PLAIN_READING) -> None:
        """Read the rows in `blocks`; what `reading` leaves open, the object's metadata may say."""
        self._blocks, self._reading = blocks, reading
        self._text: CsvText | None = None
        self.failure: ReadFailure | None = None
        self.why = Rejection.BROKEN
        """What kind of failure it is."""

    async def check(self) -> None:
        """Raise `UnreadableError` for a file without the columns, `GoneError` for no such file."""
        self._text = await asyncio.to_thread(self._open)

    async def pages(self, after: Cursor | None = None) -> AsyncIterator[Page]:
        """Yield pages from the first row on, or from the row after a page's cursor."""
        line = after[1] if after else 0
        try:
            text = self._text
            if text is None:
                text = self._text = await asyncio.to_thread(self._open)
            pages = text.pages(after)
            while (page := await asyncio.to_thread(next, pages, None)) is not None:
                line = page.cursor[1]
                yield page
        except UnreadableError as error:
            self.failure, self.why = ReadFailure(line=error.line, reason=error.reason), error.why
        except GoneError as error:
            self.failure = ReadFailure(line=line + 1, reason=str(error))

    @property
    def size(self) -> int:
        """Bytes of the object; 0 if nothing of it could be read."""
        return self._blocks.size

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a user should know about how the object was read so far."""
        own = self._text.remarks if self._text else ()
        return (*own, self.problem) if self.problem else own

    @property
    def problem(self) -> str | None:
        """Why reading ended before the object did; None if it did not."""
        failure = self.failure
        if failure is None:
            return None
        return f"line {failure.line:,}: {failure.reason}" if failure.line else failure.reason

    @property
    def is_whole(self) -> bool:
        """True: the intake reads all rows."""
        return True

    def _open(self) -> CsvText:
        metadata = self._blocks.metadata()
        try:
            own = read_reading(metadata, lambda name: f"metadata {name}")
        except UserError as error:
            raise UnreadableError(0, str(error), Rejection.WRONG_OPTIONS) from error
        reading = lay_reading_over(self._reading, own)
        columns = parse_columns(reading.columns, CSV_COLUMNS)
        return CsvText(TextStream(self._blocks.open_at), columns, reading.form)
