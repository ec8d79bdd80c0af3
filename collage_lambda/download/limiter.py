"""Limits that downloads share, and one image's budget within them. Edge (asyncio's primitives).

`DownloadLimiter` limits how many requests run at once, in total and per host. `ImageBudget` belongs
to one image: the seconds that its requests may still take (waiting for a permit costs none), and
its permit for a large body, of which only a few may be in memory together.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from copy import copy
from types import TracebackType
from typing import Self
from weakref import WeakValueDictionary

from collage_lambda.download.limits import LARGE_BODIES, LARGE_BODY_BYTES
from collage_lambda.download.recorded_response import RecordedResponse

LARGE_BODY_S = 5.0
"""How long an image may keep its large-body permit, retries included. So 34 bodies that grow and
then stall cost the 35th image 85 s, but not its cell."""


class DownloadLimiter:
    """Permits for requests and for large bodies; belongs to one event loop."""

    def __init__(self, total: int, per_host: int, large_s: float = LARGE_BODY_S) -> None:
        """Allow `total` requests at once, `per_host` to one host; large bodies for `large_s`."""
        self._per_host = per_host
        self.totals: tuple[asyncio.Semaphore, ...] = (asyncio.Semaphore(total),)
        """Of each of which a request holds a permit."""
        self.hosts = WeakValueDictionary[str, asyncio.Semaphore]()
        """Only of hosts that a request holds or waits for a permit of."""
        self.large = asyncio.Semaphore(LARGE_BODIES)
        self.large_s = large_s

    def within(self, total: int) -> Self:
        """Return a limiter of at most `total` requests at once, which share this one's permits."""
        limiter = copy(self)
        limiter.totals = (asyncio.Semaphore(total), *self.totals)
        return limiter

    @asynccontextmanager
    async def request(self, host: str) -> AsyncIterator[None]:
        """Hold a permit for one request; the host's first, so a slow host does not block others."""
        async with AsyncExitStack() as stack:
            for permits in (self._permits_of(host), *self.totals):
                await stack.enter_async_context(permits)
            yield

    def _permits_of(self, host: str) -> asyncio.Semaphore:
        return self.hosts.setdefault(host, asyncio.Semaphore(self._per_host))


class ImageBudget:
    """What one image may still use; an async context manager that releases its permit."""

    def __init__(self, limiter: DownloadLimiter, seconds: float) -> None:
        """Allow `seconds` of requests and pauses over all URLs of one image."""
        self._limiter = limiter
        self._seconds = seconds
        self.waited_s = 0.0
        """Seconds within requests that the image waited for its large-body permit."""
        self.responses: list[RecordedResponse] | None = None
        """Responses recorded for a batch in debug mode, else None."""
        self.limit: asyncio.Timeout | None = None
        """The time limit of the current request."""
        self._large_until: float | None = None
        """When its large-body permit ends, by the loop's clock; None while it has none."""

    @property
    def seconds_left(self) -> float:
        """Seconds left for requests and pauses."""
        if self._large_until is None:
            return self._seconds
        return min(self._seconds, self._large_until - asyncio.get_running_loop().time())

    def spend(self, seconds: float) -> None:
        """Subtract the seconds of a request or a pause."""
        self._seconds -= seconds

    async def reserve(self, size: int) -> None:
        """Acquire the large-body permit if a body of `size` bytes needs it.

        The wait does not count against the request's time limit, since hostile servers may occupy
        the permits.
        """
        if size > LARGE_BODY_BYTES and self._large_until is None:
            with self._limit_paused():
                await self._limiter.large.acquire()
            self._large_until = asyncio.get_running_loop().time() + self._limiter.large_s
            self._shorten_limit(self._large_until)

    def _shorten_limit(self, until: float) -> None:
        """Move the current request's time limit forward to `until`, unless it is earlier."""
        deadline = self.limit.when() if self.limit else None
        if self.limit is not None and deadline is not None and deadline > until:
            self.limit.reschedule(until)

    @contextmanager
    def _limit_paused(self) -> Iterator[None]:
        deadline = self.limit.when() if self.limit else None
        if self.limit is None or deadline is None or self.limit.expired():
            yield
            return
        clock = asyncio.get_running_loop().time
        began = clock()
        self.limit.reschedule(None)
        try:
            yield
        finally:
            waited_s = clock() - began
            self.waited_s += waited_s
            self.limit.reschedule(deadline + waited_s)

    async def __aenter__(self) -> Self:
        """Return the budget."""
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Release the large-body permit, if acquired: the image's bytes are dropped by now."""
        if self._large_until is not None:
            self._limiter.large.release()
            self._large_until = None
