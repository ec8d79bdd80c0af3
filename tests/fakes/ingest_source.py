"""A source of rows that a test holds in its hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from stream_ingest.sources.rows import SourceRow


class ListSource:
    """Yields rows in pages of `page_rows`; then raises `error` where one is given."""

    def __init__(
        self, rows: Sequence[SourceRow], *, page_rows: int = 100, error: Exception | None = None
    ) -> None:
        self._rows, self._page_rows, self._error = rows, page_rows, error

    async def pages(self) -> AsyncIterator[list[SourceRow]]:
        """Yield the rows page by page."""
        for start in range(0, len(self._rows), self._page_rows):
            yield list(self._rows[start : start + self._page_rows])
        if self._error is not None:
            raise self._error
