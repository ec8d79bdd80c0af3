"""A cover server of the worse kind: slow, broken, lying and redirecting routes on a free port.

It runs on an event loop in a thread of its own, so that code under test may run its own loop.
"""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from tests.fakes.collage.network import WARM_UP

Route = Callable[[web.Request], Awaitable[web.StreamResponse]]


class CoverServer:
    """Serves `bodies` under their names, and misbehaves under all other routes."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.hits: Counter[str] = Counter()
        self.headers: dict[str, dict[str, str]] = {}
        self.queries: dict[str, str] = {}
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}/{path}"

    @property
    def source(self) -> tuple[str, int]:
        return ("127.0.0.1", self.port)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_get(WARM_UP, _warm_up)
        for path, route in self._routes().items():
            app.router.add_get(path, self._counted(route))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        await self._runner.cleanup()
        late = asyncio.all_tasks() - {asyncio.current_task()}
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _counted(self, route: Route) -> Route:
        async def counted(request: web.Request) -> web.StreamResponse:
            name = request.path.lstrip("/")
            self.hits[name] += 1
            self.headers[name] = dict(request.headers)
            self.queries[name] = request.raw_path.partition("?")[2]
            try:
                return await route(request)
            except ConnectionError:  # the client has had enough
                return web.Response()

        return counted

    def _routes(self) -> dict[str, Route]:
        return {
            "/body/{name}": self._body,
            "/status/{status}": self._status,
            "/flaky/{failures}/{name}": self._flaky,
            "/retry-after/{seconds}": self._retry_after,
            "/trickle": _trickle,
            "/hang": _hang,
            "/endless": _endless,
            "/lies-short/{name}": self._lies_short,
            "/lies-long": _lies_long,
            "/declares-huge": _declares_huge,
            "/gzip-bomb": _gzip_bomb,
            "/reset": _reset,
            "/loop": _loop,
            "/to": _redirect,
            "/redirect-nowhere": _redirect_nowhere,
            "/hops/{left}/{name}": self._hops,
        }

    async def _body(self, request: web.Request) -> web.Response:
        return web.Response(body=self.bodies[request.match_info["name"]], content_type="text/html")

    async def _status(self, request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["status"]), text="no")

    async def _flaky(self, request: web.Request) -> web.Response:
        if self.hits[request.path.lstrip("/")] <= int(request.match_info["failures"]):
            return web.Response(status=500)
        return web.Response(body=self.bodies[request.match_info["name"]])

    async def _retry_after(self, request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": request.match_info["seconds"]})

    async def _lies_short(self, request: web.Request) -> web.StreamResponse:
        """Send half of what is declared, without the image's end."""
        body = self.bodies[request.match_info["name"]]
        assert request.transport is not None
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        request.transport.write(head + body[: len(body) // 2])
        request.transport.close()
        return web.Response()

    async def _hops(self, request: web.Request) -> web.Response:
        left, name = int(request.match_info["left"]), request.match_info["name"]
        target = f"/hops/{left - 1}/{name}" if left > 1 else f"/body/{name}"
        return web.Response(status=302, headers={"Location": target})


async def _warm_up(_request: web.Request) -> web.Response:
    """Answer without leaving a trace."""
    return web.Response(text="warm")


async def _trickle(request: web.Request) -> web.StreamResponse:
    """Send a byte now and then, so that no single read is ever late."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"\xff")
        await asyncio.sleep(0.02)


async def _hang(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(3_600)
    return web.Response()


async def _endless(request: web.Request) -> web.StreamResponse:
    """Send for ever without a Content-Length."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"\xff" * 65_536)


async def _lies_long(request: web.Request) -> web.StreamResponse:
    """Declare ten bytes and send many more."""
    assert request.transport is not None
    request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + b"x" * 500_000)
    request.transport.close()
    return web.Response()


async def _declares_huge(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
    return await _hang(request)


async def _gzip_bomb(_request: web.Request) -> web.Response:
    """Send an unrequested compressed body: 50 MB in 50 KB."""
    body = gzip.compress(b"\0" * 50_000_000, compresslevel=9)
    return web.Response(body=body, headers={"Content-Encoding": "gzip"})


async def _reset(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def _loop(_request: web.Request) -> web.Response:
    return web.Response(status=301, headers={"Location": "/loop"})


async def _redirect(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": request.query["url"]})


async def _redirect_nowhere(_request: web.Request) -> web.Response:
    return web.Response(status=302)
