"""The rows of a CSV object, as a source that a `Push` reads. Edge (S3)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from stream_ingest.intake.job_store import Trouble
from stream_ingest.intake.objects import GoneError, ObjectBlocks
from stream_ingest.sources.csv_text import CsvText
from stream_ingest.sources.source import CSV_COLUMNS, Cursor, Page
from stream_ingest.sources.text_stream import TextStream, UnreadableError


class ObjectSource:
    """One object's rows. Ends early where it cannot be read on, and says so in `trouble`."""

    def __init__(self, blocks: ObjectBlocks) -> None:
        """Read these blocks."""
        self._blocks = blocks
        self._text: CsvText | None = None
        self.trouble: Trouble | None = None

    async def check(self) -> None:
        """Raise `UnreadableError` for a file without our columns, `GoneError` for none at all."""
        self._text = await asyncio.to_thread(self._opened)

    async def pages(self, after: Cursor | None = None) -> AsyncIterator[Page]:
        """Yield pages from behind the header, or from behind a page's cursor, on."""
        line = after[1] if after else 0
        try:
            text = self._text
            if text is None:
                text = await asyncio.to_thread(self._opened)
            pages = text.pages((after[0], after[1]) if after else None)
            while (page := await asyncio.to_thread(next, pages, None)) is not None:
                line = page.cursor[1]
                yield page
        except UnreadableError as error:
            self.trouble = Trouble(line=error.line, reason=error.reason)
        except GoneError as error:
            self.trouble = Trouble(line=line + 1, reason=str(error))

    def _opened(self) -> CsvText:
        return CsvText(TextStream(self._blocks.open_at), CSV_COLUMNS)
