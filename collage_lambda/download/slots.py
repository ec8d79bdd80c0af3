"""What downloads share, and what one image may use of it. Edge (asyncio's primitives only).

`Slots` limits how many requests run at once, in all and per host. `Allowance` is one image's own:
the seconds that its requests may still take (waiting for a place costs nothing), and its place
among the few large bodies that may be in memory together.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Self

from collage_lambda.concurrency import LARGE_BODIES, LARGE_BODY_BYTES
from collage_lambda.download.attempts import Exchange

LARGE_BODY_S = 5.0
"""How long an image may keep a large place, its retries included, before its place goes to the
next: so 34 bodies that grow and then stand still cost the 35th 85 s, and not its cell."""


class Slots:
    """Places for requests and for large bodies; belongs to one event loop."""

    def __init__(self, total: int, per_host: int, large_s: float = LARGE_BODY_S) -> None:
        """Let `total` requests run at once, `per_host` to one host; large places for `large_s`."""
        self._total = asyncio.Semaphore(total)
        self._hosts: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(per_host)
        )
        self.large = asyncio.Semaphore(LARGE_BODIES)
        self.large_s = large_s

    @asynccontextmanager
    async def request(self, host: str) -> AsyncIterator[None]:
        """Hold a place for one request; the host's first, so that a slow host blocks no other."""
        async with self._hosts[host], self._total:
            yield


class Allowance:
    """What one image may still use; an async context manager that gives its large place back."""

    def __init__(self, slots: Slots, seconds: float) -> None:
        """Allow `seconds` of requests and pauses over all URLs of one image."""
        self._slots = slots
        self._seconds = seconds
        self.waited_s = 0.0
        """Seconds within requests in which the image waited for its large place."""
        self.exchanges: list[Exchange] | None = None
        """Where the image's answers are noted; None where nobody wants to know."""
        self.limit: asyncio.Timeout | None = None
        """The time limit of the request that is under way."""
        self._large_until: float | None = None
        """Until when it may keep its large place, by the loop's clock; None while it has none."""

    @property
    def seconds_left(self) -> float:
        """What is left for requests and pauses."""
        if self._large_until is None:
            return self._seconds
        return min(self._seconds, self._large_until - asyncio.get_running_loop().time())

    def spend(self, seconds: float) -> None:
        """Take seconds off for a request or a pause."""
        self._seconds -= seconds

    async def grow_to(self, size: int) -> None:
        """Wait for a large place if a body of `size` bytes needs one and none is held yet.

        The request's clock stands still meanwhile: others' bodies may be large out of malice.
        """
        if size > LARGE_BODY_BYTES and self._large_until is None:
            with self._clock_stopped():
                await self._slots.large.acquire()
            self._large_until = asyncio.get_running_loop().time() + self._slots.large_s
            self._hasten(self._large_until)

    def _hasten(self, until: float) -> None:
        """End the request that is under way at `until`, unless it ends before."""
        deadline = self.limit.when() if self.limit else None
        if self.limit is not None and deadline is not None and deadline > until:
            self.limit.reschedule(until)

    @contextmanager
    def _clock_stopped(self) -> Iterator[None]:
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
        """Begin."""
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Give the large place back, if one is held: the image's bytes are gone by now."""
        if self._large_until is not None:
            self._slots.large.release()
            self._large_until = None
