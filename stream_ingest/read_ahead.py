"""Pages of a source, read while those before them are worked on. Edge (asyncio)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from stream_ingest.sources.rows import Page

T = TypeVar("T")

_AHEAD = 2
"""Pages that may wait: more would only take memory."""
_THREAD = ThreadPoolExecutor(1, thread_name_prefix="pack")
"""One for all: glibc gives each thread an arena, and keeps what a page took there."""


async def in_thread(work: Callable[..., T], *arguments: object) -> T:
    """Run work beside the event loop, one thing at a time: compressing needs no GIL."""
    return await asyncio.get_running_loop().run_in_executor(_THREAD, work, *arguments)


async def read_ahead(pages: AsyncIterator[Page]) -> AsyncIterator[Page]:
    """Yield `pages`, the next of which are being read meanwhile; raises what reading raises."""
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
        while not queue.empty():  # so that the end of reading, which waits for a place, can come
            queue.get_nowait()
        await asyncio.gather(reading, return_exceptions=True)
