"""A source of rows that a test holds in its hand, and a journal that it can look into."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from stream_ingest.push.checkpoint import Chunk
from stream_ingest.sources.source import Cursor, Page, SourceRow


class ListSource:
    """Yields rows in pages of `page_rows`; then raises `error` if one is given."""

    def __init__(
        self,
        rows: Sequence[SourceRow],
        *,
        page_rows: int = 100,
        error: BaseException | None = None,
    ) -> None:
        self._rows, self._page_rows, self._error = rows, page_rows, error

    async def check(self) -> None:
        """Find nothing wrong."""

    async def pages(self, after: Cursor | None = None) -> AsyncIterator[Page]:
        """Yield the rows page by page; the cursor is how many were read."""
        first = int(after[0]) if after else 0
        for start in range(first, len(self._rows), self._page_rows):
            rows = list(self._rows[start : start + self._page_rows])
            yield Page(rows=rows, cursor=(start + len(rows),))
        if self._error is not None:
            raise self._error


class MemoryJournal:
    """Keeps every chunk that was written down, and what the stream held at that moment."""

    def __init__(self, stored: Sequence[object] = ()) -> None:
        self.chunks: list[Chunk] = []
        self.stored_at: list[int] = []
        self._stored = stored

    def write(self, chunk: Chunk | None) -> None:
        """Write a chunk down."""
        assert chunk is not None
        self.chunks.append(chunk)
        self.stored_at.append(len(self._stored))
