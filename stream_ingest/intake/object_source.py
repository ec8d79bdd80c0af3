"""The rows of a CSV object, as a source that a `Push` reads. Edge (S3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from stream_ingest.intake.job_store import ReadFailure
from stream_ingest.intake.objects import GoneError, ObjectBlocks
from stream_ingest.sources.csv_text import CsvText
from stream_ingest.sources.source import CSV_COLUMNS, Cursor, Page
from stream_ingest.sources.text_stream import TextStream, UnreadableError


class ObjectSource:
    """One object's rows. Ends early if it cannot be read on, with the reason in `failure`."""

    def __init__(self, blocks: ObjectBlocks) -> None:
        """Read the rows in `blocks`."""
        self._blocks = blocks
        self._text: CsvText | None = None
        self.failure: ReadFailure | None = None

    async def check(self) -> None:
        """Raise `UnreadableError` for a file without the columns, `GoneError` for no such file."""
        self._text = await asyncio.to_thread(self._open)

    async def pages(self, after: Cursor | None = None) -> AsyncIterator[Page]:
        """Yield pages from the first row on, or from the row after a page's cursor."""
        line = after[1] if after else 0
        try:
            text = self._text
            if text is None:
                text = await asyncio.to_thread(self._open)
            pages = text.pages(after)
            while (page := await asyncio.to_thread(next, pages, None)) is not None:
                line = page.cursor[1]
                yield page
        except UnreadableError as error:
            self.failure = ReadFailure(line=error.line, reason=error.reason)
        except GoneError as error:
            self.failure = ReadFailure(line=line + 1, reason=str(error))

    def _open(self) -> CsvText:
        return CsvText(TextStream(self._blocks.open_at), CSV_COLUMNS)
