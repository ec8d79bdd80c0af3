"""A network in which every connection reaches one server, with answers set by the test.

`RawServer` sends bytes as they are, whatever HTTP makes of them. `ConnectionRedirect` replaces the
system's `connect`: it notes the address that was wanted and connects to the server instead, so that
a test sees any attempt to leave, and an attempt that should have been refused succeeds.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import socket
import socketserver
import ssl
import struct
import threading
from asyncio.selector_events import BaseSelectorEventLoop
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import pytest

PUBLIC = "93.184.216.34"
WARM_UP = "/warm"
"""A path that is answered over a connection that stays open, and that leaves no trace."""
_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
_SO_ATTACH_FILTER = 26
_DROP_ALL = struct.pack("HBBI", 6, 0, 0, 0)
"""A program of the kernel's packet filter: return 0."""


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return a whole answer that declares its length."""
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers)
    return "\r\n".join((*lines, "", "")).encode() + body


def redirect(location: str) -> bytes:
    """Return a redirect; its Location goes out as it is."""
    head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: "
    return head + location.encode("utf-8", "surrogateescape") + b"\r\n\r\n"


def kept_alive(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return a whole answer after which the connection stays open."""
    return answer(body, *headers, status=status).replace(b"Connection: close\r\n", b"")


class EachTime:
    """An answer whose chunks are made for each request."""

    def __init__(self, chunks: Callable[[], Iterator[bytes]]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks()


class RawServer(socketserver.ThreadingTCPServer):
    """Answers a path with the chunks of `answers`, and then closes the connection.

    With `keeps_alive` it waits for another request instead.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    address_family = socket.AF_INET

    def __init__(self, tls: ssl.SSLContext | None = None, *, keeps_alive: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.answers: dict[str, Iterable[bytes]] = {}
        self.requests: list[tuple[str, bytes]] = []
        """Path and whole head of every request."""
        self.connections: list[socket.socket] = []
        """All that were accepted since `close_connections`, first to last."""
        self.still = threading.Event()
        """What an answer may wait for; set at the latest when the server ends."""
        self.keeps_alive, self._tls = keeps_alive, tls
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; the handshake is made by the thread that answers it."""
        accepted, address = super().get_request()
        self.connections.append(accepted.dup())
        if self._tls is None:
            return accepted, address
        return (
            self._tls.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False),
            address,
        )

    def close_connections(self) -> None:
        """Close every connection, as a server that has waited long enough."""
        present, self.connections = self.connections, []
        for connection in present:
            with connection, contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def vanish(self) -> None:
        """Drop every packet that arrives over the present connections, without an answer."""
        program = ctypes.create_string_buffer(_DROP_ALL)
        drop_all = struct.pack("HP", 1, ctypes.addressof(program))
        for connection in self.connections:
            connection.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, drop_all)

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
        self.still.set()
        self.close_connections()
        self.shutdown()
        self._thread.join(10)
        self.server_close()


class _Exchange(socketserver.StreamRequestHandler):
    server: RawServer

    def handle(self) -> None:
        while head := self._head():
            path = head.split(b" ", 2)[1].decode("latin-1")
            if path == WARM_UP:
                self.connection.sendall(kept_alive(b"warm"))
                continue
            self.server.requests.append((path, head))
            for chunk in self.server.answers.get(path, [_NOT_FOUND]):
                self.connection.sendall(chunk)
            if not self.server.keeps_alive:
                return

    def _head(self) -> bytes:
        """Return the head of the next request; empty at the end of the connection."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline(65_536)
            if not line:
                return b""
            head += line
        return head


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
