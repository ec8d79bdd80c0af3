"""An event loop that outlives an invocation. Edge (threads).

It runs in a thread of its own, also between invocations: so it notices connections that a server
closes, and one window's downloads can go on while another window is composed.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class BackgroundLoop:
    """The event loop of a process; safe to use from several threads, but not from the loop's."""

    def __init__(self, on_close: Callable[[], Awaitable[None]]) -> None:
        """Run `on_close` in the loop before it ends; start with the first `run`."""
        self._on_close, self._lock = on_close, threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of a coroutine, or raise what it raises.

        The coroutine is cancelled if the caller is interrupted.
        """
        running = self.start(work)
        try:
            return running.result()
        finally:
            running.cancel()  # does nothing to one that has ended

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Return the future of a coroutine, which runs from now on.

        Raises `RuntimeError` after `close`.
        """
        return asyncio.run_coroutine_threadsafe(work, self._started())

    def close(self) -> None:
        """Cancel what runs, do what `on_close` does, and end the loop for good; idempotent."""
        with self._lock:
            loop = self._loop
            if loop is None or self._thread is None or loop.is_closed():
                return
            atexit.unregister(self.close)
            asyncio.run_coroutine_threadsafe(self._end(loop), loop).result()
            self._thread.join()
            loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="downloads", daemon=True
                )
                self._thread.start()
                atexit.register(self.close)
            return self._loop

    async def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._on_close()
        loop.call_soon(loop.stop)
