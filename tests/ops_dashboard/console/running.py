"""Runs a console on a free loopback port, in a thread, and sends plain requests to it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from ops_dashboard.console.access import CHANGE_HEADER, Access


@dataclass(frozen=True)
class Response:
    """A console's response."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(self.body)


@dataclass(frozen=True)
class RunningConsole:
    """The console's port and access rules."""

    port: int
    access: Access

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        """Send a request unchanged; a `Host` in `headers` replaces the real one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Response(response.status, response.headers, response.read())

    def get(self, path: str, **headers: str) -> Response:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, body: object, **headers: str) -> Response:
        """Send a change as the console's pages do: JSON, or the given bytes."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", path, data, self.own_headers() | headers)

    def own_headers(self) -> dict[str, str]:
        return {"Origin": f"http://{self.host}", CHANGE_HEADER: self.access.change_token}


@contextlib.contextmanager
def running(make: Callable[[], web.Application], access: Access) -> Iterator[RunningConsole]:
    """Run an application; `make` is called in its event loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> web.AppRunner:
        runner = web.AppRunner(make(), shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    def wait(work: Any) -> Any:  # noqa: ANN401 - a coroutine and what it returns
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    try:
        runner = wait(start())
        try:
            yield RunningConsole(runner.addresses[0][1], access)
        finally:
            wait(runner.cleanup())
    finally:
        wait(loop.shutdown_default_executor())  # in its own thread: a browser may have this one's
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
