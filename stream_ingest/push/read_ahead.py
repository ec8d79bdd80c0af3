"""Reads pages of a source while earlier ones are being processed. Edge (asyncio)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from stream_ingest.sources.source import Page

_AHEAD = 2
"""Maximum number of pages that are read ahead: more would only take memory."""


async def read_ahead(pages: AsyncIterator[Page]) -> AsyncGenerator[Page]:
    """Yield `pages`, reading the next ones in the background; raises what reading raises."""
    queue: asyncio.Queue[Page | None] = asyncio.Queue(_AHEAD)

    async def read() -> None:
        try:
            async for page in pages:
                await queue.put(page)
        finally:
            await queue.put(None)

    reading = asyncio.create_task(read())
    try:
        while (page := await queue.get()) is not None:
            yield page
        await reading
    finally:
        reading.cancel()
        while not queue.empty():  # makes space for the final None of `read`
            queue.get_nowait()
        await asyncio.gather(reading, return_exceptions=True)
