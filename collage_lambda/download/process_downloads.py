"""The downloads of one process: event loop, HTTP session and limits. Edge (HTTP, threads)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from collage_lambda.download.background_loop import BackgroundLoop
from collage_lambda.download.downloader import DownloadSettings
from collage_lambda.download.fetch import Fetcher, Timing
from collage_lambda.download.limiter import DownloadLimiter
from collage_lambda.download.resolver import Lookup
from collage_lambda.download.session import open_session
from collage_lambda.download.shared_session import SharedSession
from stream_ingest.contracts.settings import DownloadLimits

T = TypeVar("T")


class ProcessDownloads:
    """Runs the downloads of windows, one after the other or several at once.

    They share connections, and the limits of requests and of large bodies in memory. They share no
    cookies. The loop and its connections live as long as the process, or until `close`.
    """

    def __init__(self, settings: DownloadSettings, lookup: Lookup, timing: Timing) -> None:
        """Download within `settings`; nothing is opened before the first `run`."""
        self.settings, self.lookup, self._timing = settings, lookup, timing
        self._limiter = DownloadLimiter(settings.at_once, settings.at_once_per_host)
        self._session = SharedSession(
            lambda: open_session(lookup, settings.allowed, settings.limits, settings.user_agent),
            timing.now_s,
            timing.monotonic_s,
        )
        self._loop = BackgroundLoop(self._session.close)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of a coroutine that uses `fetcher`, or raise what it raises."""
        return self._loop.run(work)

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Return the future of such a coroutine, which runs from now on."""
        return self._loop.start(work)

    def close(self) -> None:
        """Close connections and event loop; idempotent, and done at the end of the process."""
        self._loop.close()

    @asynccontextmanager
    async def fetcher(self, wanted: DownloadLimits | None = None) -> AsyncIterator[Fetcher]:
        """Return the fetcher of one window, whose batch may want lower limits."""
        settings = self.settings.limited_to(wanted)
        limiter = self._limiter
        if settings.at_once < self.settings.at_once:
            limiter = limiter.within(settings.at_once)
        async with self._session.use() as session:
            yield Fetcher(
                session,
                limiter,
                settings.limits,
                allowed=settings.allowed,
                ports=settings.ports,
                timing=self._timing,
            )
