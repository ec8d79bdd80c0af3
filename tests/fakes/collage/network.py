"""A network in which every connection reaches one server, with answers set by the test.

`RawServer` sends bytes as they are, whatever HTTP makes of them. `ConnectionRedirect` replaces the
system's `connect`: it notes the address that was wanted and connects to the server instead, so that
a test sees any attempt to leave, and an attempt that should have been refused succeeds.
"""

from __future__ import annotations

import asyncio
import socket
import socketserver
import threading
from asyncio.selector_events import BaseSelectorEventLoop
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Self

import pytest

PUBLIC = "93.184.216.34"
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return a whole answer that declares its length."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers)
    return "\r\n".join((*lines, "", "")).encode() + body


def redirect(location: str) -> bytes:
    """Return a redirect; its Location goes out as it is."""
    head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: "
    return head + location.encode("utf-8", "surrogateescape") + b"\r\n\r\n"


class RawServer(socketserver.ThreadingTCPServer):
    """Answers a path with the chunks of `answers`, and closes the connection after them."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    address_family = socket.AF_INET

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.answers: dict[str, Iterable[bytes]] = {}
        self.requests: list[tuple[str, bytes]] = []
        """Path and whole head of every request."""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's own signature
        """Log nothing: most tests are about clients that hang up."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.shutdown()
        self._thread.join(10)
        self.server_close()


class _Exchange(socketserver.StreamRequestHandler):
    server: RawServer

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline(65_536)
            if not line:
                return
            head += line
        path = head.split(b" ", 2)[1].decode("latin-1")
        self.server.requests.append((path, head))
        for chunk in self.server.answers.get(path, [_NOT_FOUND]):
            self.connection.sendall(chunk)


class ConnectionRedirect:
    """Connects every socket to one port of this machine; `destinations` has the addresses that were
    requested."""

    def __init__(self, patch: pytest.MonkeyPatch, port: int) -> None:
        self.destinations: list[str] = []
        real = BaseSelectorEventLoop.sock_connect

        async def sock_connect(
            loop: BaseSelectorEventLoop, sock: socket.socket, address: tuple[Any, ...]
        ) -> None:
            self.destinations.append(address[0])
            is_v6 = sock.family == socket.AF_INET6
            await real(
                loop, sock, ("::ffff:127.0.0.1", port, 0, 0) if is_v6 else ("127.0.0.1", port)
            )

        patch.setattr(BaseSelectorEventLoop, "sock_connect", sock_connect)


class Names:
    """A look-up under the test's control: lists of addresses by name, one list a look-up.

    The last list stays; a name that is not known is loopback, as the worst of resolvers would say.
    """

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self._answers = {name.replace("_", "."): list(lists) for name, lists in answers.items()}
        self.requested: list[str] = []

    async def __call__(self, host: str, _port: int) -> Sequence[str]:
        await asyncio.sleep(0)
        self.requested.append(host)
        lists = self._answers.get(host.rstrip(".").lower(), [["127.0.0.1"]])
        return lists.pop(0) if len(lists) > 1 else lists[0]
