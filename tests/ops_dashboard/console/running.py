"""A console that runs on a free port of loopback, in a thread, and plain requests to it."""

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
class Answer:
    """What a console answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever JSON it is
        return json.loads(self.body)


@dataclass(frozen=True)
class RunningConsole:
    """The console's port and its rules."""

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
    ) -> Answer:
        """Send a request as it is; a Host of the test's own replaces the true one."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, body: object, **headers: str) -> Answer:
        """Send a change as the console's own pages do: JSON, or bytes as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", path, data, self.own_headers() | headers)

    def own_headers(self) -> dict[str, str]:
        return {"Origin": f"http://{self.host}", CHANGE_HEADER: self.access.change_token}


@contextlib.contextmanager
def running(make: Callable[[], web.Application], access: Access) -> Iterator[RunningConsole]:
    """Run an application; `make` is called where its loop runs."""
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
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
