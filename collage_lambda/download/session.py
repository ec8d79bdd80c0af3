"""HTTP sessions for downloads, and the connections that they reuse. Edge (HTTP, sockets).

A reused connection may be dead: closed by the server, or forgotten on the way without a word, as
while Lambda froze the process. aiohttp repeats a request once if its connection breaks before an
answer. Here that second try never takes another old connection, and a request that the other side
does not even acknowledge breaks its connection after `UNACKNOWLEDGED_S`.
"""

from __future__ import annotations

import asyncio
import socket
from asyncio import Transport
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from weakref import WeakSet

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from collage_lambda.download.headers import USER_AGENT, request_headers
from collage_lambda.download.limits import FetchLimits
from collage_lambda.download.resolver import GuardedResolver, Lookup
from collage_lambda.download.urls import AllowedSources

KEEP_ALIVE_S = 15.0
"""How long an unused connection is kept."""
DNS_TTL_S = 60
UNACKNOWLEDGED_S = 3
"""Time for at least two retransmissions, also to another continent."""
_MAX_FIELD_BYTES = 16 * 1024
_MAX_FIELDS = 256
"""Of a response's head. Browsers take 256 KB in all; CDNs send policies of 9 KB in one field, and
150 fields."""


class ConnectionUse:
    """Which connections the requests for one URL may use, and the last one's kind."""

    def __init__(self) -> None:
        """Begin with any connection."""
        self.only_new = False
        """Whether no connection may be reused."""
        self.is_unanswered = False
        """Whether the last request went over a reused connection and has no answer."""
        self._tries = 0

    def begin(self) -> None:
        """Begin another request."""
        self._tries, self.is_unanswered = 0, False

    def accepts(self, connection: Connection, *, is_reused: bool) -> bool:
        """Return whether a connection may be used; only a request's first try may reuse one.

        A reused connection over which the server has sent something unasked is not.
        """
        protocol = connection.protocol
        is_spoilt = protocol is None or protocol.should_close
        if is_reused and (is_spoilt or self.only_new or self._tries):
            return False
        self._tries += 1
        self.is_unanswered = is_reused
        return True


_USE: ContextVar[ConnectionUse | None] = ContextVar("_USE", default=None)


@contextmanager
def connection_use() -> Iterator[ConnectionUse]:
    """Return what says which connections the requests of this task use inside the block."""
    use = ConnectionUse()
    token = _USE.set(use)
    try:
        yield use
    finally:
        _USE.reset(token)


class CoverConnector(aiohttp.TCPConnector):
    """Connects to public addresses; requests choose between new and reused connections."""

    def __init__(self, resolver: GuardedResolver) -> None:
        """Resolve names and open sockets by `resolver`."""
        super().__init__(
            limit=0,
            resolver=resolver,
            socket_factory=resolver.open_socket,
            ttl_dns_cache=DNS_TTL_S,
            keepalive_timeout=KEEP_ALIVE_S,
        )
        self._transports: WeakSet[Transport] = WeakSet()

    @property
    def open_connections(self) -> int:
        """Number of connections, whether in use or not."""
        return sum(not transport.is_closing() for transport in self._transports)

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own
    ) -> Connection:
        """Return a connection that the task's `ConnectionUse` accepts; close those it refuses."""
        use = _USE.get()
        while True:
            connection = await super().connect(req, traces, timeout)
            is_reused = connection.transport in self._transports
            if not is_reused:
                self._add(connection.transport)
            if use is None or use.accepts(connection, is_reused=is_reused):
                return connection
            _abort(connection.transport)
            connection.close()

    async def close(self, *, abort_ssl: bool = False) -> None:  # noqa: ARG002 - they are always aborted
        """Close every connection, also those that wait for the other side to end TLS."""
        await super().close(abort_ssl=True)
        for transport in self._transports:
            _abort(transport)
        await asyncio.sleep(0)  # the loop closes their sockets

    def _add(self, transport: Transport | None) -> None:
        if transport is None or transport.is_closing():  # the server closed it at once
            return
        self._transports.add(transport)
        transport.get_extra_info("socket").setsockopt(
            socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_S * 1_000
        )


def _abort(transport: Transport | None) -> None:
    """Close a connection without a word, since the other side may not answer."""
    if transport is not None:
        transport.abort()


def open_session(
    lookup: Lookup,
    allowed: AllowedSources,
    limits: FetchLimits,
    user_agent: str = USER_AGENT,
) -> aiohttp.ClientSession:
    """Return an HTTP session of the running event loop; `DownloadLimiter` limits its requests.

    It keeps no cookies and uses no proxy. To be closed, as a context manager or by `close`.
    """
    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=limits.connect_s, sock_read=limits.read_s
    )
    return aiohttp.ClientSession(
        connector=CoverConnector(GuardedResolver(lookup, allowed)),
        timeout=timeout,
        headers=request_headers(user_agent),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        max_line_size=_MAX_FIELD_BYTES,
        max_field_size=_MAX_FIELD_BYTES,
        max_headers=_MAX_FIELDS,
    )
