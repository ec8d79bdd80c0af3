"""One HTTP session for the windows of a process. Edge (HTTP, by `session`).

Handshakes are made once, not for each window. A session serves windows that begin soon after
another has ended, and only for a minute: so a name is resolved and judged again at least that
often, and no connection is used after Lambda has frozen the process for long.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp

from collage_lambda.download.session import DNS_TTL_S, KEEP_ALIVE_S, CoverConnector

LIFE_S = float(DNS_TTL_S)
MAX_CONNECTIONS = 64
"""A window that finds more of them open, most of them to hosts that it will not use, gets a new
session. Each takes a file descriptor, and with TLS 0.5 MB."""


class _Session:
    """A session with its users."""

    def __init__(self, session: aiohttp.ClientSession, moment: tuple[float, float]) -> None:
        self.session, self.opened, self.used = session, moment, moment
        self.users = 0

    def is_usable(self, moment: tuple[float, float]) -> bool:
        """Return whether a window that begins now may use the session."""
        connector = self.session.connector
        return (
            isinstance(connector, CoverConnector)  # else it is closed
            and connector.open_connections <= MAX_CONNECTIONS
            and _seconds(self.opened, moment) <= LIFE_S
            and (self.users > 0 or _seconds(self.used, moment) <= KEEP_ALIVE_S)
        )

    async def close_unused(self) -> None:
        """Close the session if no window uses it."""
        if not self.users:
            await self.session.close()


def _seconds(before: tuple[float, float], now: tuple[float, float]) -> float:
    """Return the seconds between two moments, by the clock that counts more.

    The monotonic clock may stand still while a process is frozen; the wall clock may be set back.
    """
    return max(now[0] - before[0], now[1] - before[1])


class SharedSession:
    """Opens sessions as needed and closes those that are no longer used; for one event loop."""

    def __init__(
        self,
        open_session: Callable[[], aiohttp.ClientSession],
        now_s: Callable[[], float],
        monotonic_s: Callable[[], float],
    ) -> None:
        """Open sessions by `open_session`; measure by both clocks."""
        self._open_session, self._now_s, self._monotonic_s = open_session, now_s, monotonic_s
        self._current: _Session | None = None

    @asynccontextmanager
    async def use(self) -> AsyncIterator[aiohttp.ClientSession]:
        """Return the session of one window; it stays open as long as a window uses it."""
        mine = before = self._current
        if mine is None or not mine.is_usable(self._moment()):
            mine = self._current = _Session(self._open_session(), self._moment())
        mine.users += 1
        try:
            if before is not None and before is not mine:
                await before.close_unused()
            yield mine.session
        finally:
            mine.users -= 1
            mine.used = self._moment()
            if mine is not self._current:
                await mine.close_unused()

    async def close(self) -> None:
        """Close the session; the next window opens another."""
        before, self._current = self._current, None
        if before is not None:
            await before.session.close()

    def _moment(self) -> tuple[float, float]:
        return self._now_s(), self._monotonic_s()
