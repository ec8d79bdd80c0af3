"""A server that speaks MySQL's protocol, packet by packet, as badly as a test wants."""

from __future__ import annotations

import contextlib
import functools
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_LONG, _DB, _LOCAL, _41, _TLS, _SECURE = 1, 1 << 3, 1 << 7, 1 << 9, 1 << 11, 1 << 15
_PLUGIN, _LENENC = 1 << 19, 1 << 21
_CAPABILITIES = _LONG | _DB | _LOCAL | _41 | _SECURE | _PLUGIN | _LENENC
SALT = b"abcdefghijklmnopqrst"
OK = b"\0\0\0\2\0\0\0"


def denied(message: bytes = b"Access denied") -> bytes:
    """Return an error packet."""
    return b"\xff\x15\x04#28000" + message


class FakeMySqlServer:
    """Listens on 127.0.0.1 until its context ends; `received` has what clients have sent."""

    def __init__(  # noqa: PLR0913 - one for each way to be bad
        self,
        *,
        silent_after: str | None = None,
        plugin: bytes = b"mysql_native_password",
        switch_to: bytes | None = None,
        certificate: Path | None = None,
        answer: Callable[[bytes], list[bytes] | None] = lambda _: [OK],
        greeting: bytes | None = None,
    ) -> None:
        """Log everybody in, by `plugin` or after a switch.

        `silent_after` is ``connect``, ``greeting`` or ``login``. `answer` returns the packets for a
        query, or None to cut the connection.
        """
        self._silent_after, self._plugin, self._switch_to = silent_after, plugin, switch_to
        self._certificate, self._answer, self._greeting = certificate, answer, greeting
        self.received: list[bytes] = []
        """Packets after the greeting, in clear text or from inside TLS."""
        self.clear = b""
        """All bytes that arrived without TLS."""
        self.rsa = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        """Start accepting connections."""
        self._run(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Cut every connection."""
        for each in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join()

    def _run(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                accepted, _ = self._listener.accept()
                self._sockets.append(accepted)
                self._run(functools.partial(self._serve, accepted))

    def _serve(self, accepted: socket.socket) -> None:
        session = _Session(self, accepted)
        with contextlib.suppress(OSError, EOFError):
            session.run()
        session.close()

    def url(self, parameters: str = "", password: str = "hunter2") -> str:  # noqa: S107 - of a fake
        """Return a URL of this server."""
        return f"mysql://ann:{password}@127.0.0.1:{self.port}/db{parameters}"

    def decrypted(self, message: bytes) -> bytes:
        """Return what a client has encrypted with the server's public key."""
        scheme = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303 - the protocol's
        text = self.rsa.decrypt(message, scheme)
        return bytes(byte ^ SALT[index % len(SALT)] for index, byte in enumerate(text))


class _Session:
    def __init__(self, server: FakeMySqlServer, accepted: socket.socket) -> None:
        self._server, self._socket = server, accepted
        self._sequence = 0
        self._is_clear = True

    def run(self) -> None:
        server = self._server
        self._silence("connect")
        self._send(server._greeting or self._hello())  # noqa: SLF001 - its own server
        self._silence("greeting")
        login = self._receive()
        if server._certificate and len(login) == 32:  # noqa: SLF001 - a request for TLS
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(server._certificate)  # noqa: SLF001 - as above
            self._socket = context.wrap_socket(self._socket, server_side=True)
            server._sockets.append(self._socket)  # noqa: SLF001 - as above
            self._is_clear = False
            login = self._receive()
        self._silence("login")
        self._authenticate()
        while True:
            self._sequence = 0
            packet = self._receive()
            if packet[0] == 1:
                return
            answer = server._answer(packet[1:])  # noqa: SLF001 - as above
            if answer is None:
                return
            for each in answer:
                self._send(each)

    def _authenticate(self) -> None:
        server = self._server
        if (switch := server._switch_to) is not None:  # noqa: SLF001 - as above
            self._send(b"\xfe" + switch + b"\0" + SALT + b"\0")
            if switch == b"dialog":
                self._send(b"\x05Password: ")
            self._receive()
        if b"caching_sha2_password" in {server._plugin, switch}:  # noqa: SLF001 - as above
            self._send(b"\x01\x04")  # full authentication
            if self._receive() == b"\2":
                public = server.rsa.public_key().public_bytes(
                    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
                )
                self._send(b"\x01" + public)
                self._receive()
        self._send(OK)

    def _hello(self) -> bytes:
        capabilities = _CAPABILITIES | (_TLS if self._server._certificate else 0)  # noqa: SLF001 - as above
        low, high = capabilities.to_bytes(4, "little")[:2], capabilities.to_bytes(4, "little")[2:]
        return b"".join(
            (
                b"\x0a8.0.99-fake\0",
                (7).to_bytes(4, "little"),
                SALT[:8] + b"\0",
                low,
                b"\x2d\2\0",
                high,
                b"\x15" + b"\0" * 10,
                SALT[8:] + b"\0",
                self._server._plugin + b"\0",  # noqa: SLF001 - as above
            )
        )

    def _silence(self, after: str) -> None:
        if self._server._silent_after == after:  # noqa: SLF001 - as above
            while self._socket.recv(4_096):
                pass  # until the client closes
            raise EOFError

    def close(self) -> None:
        self._socket.close()

    def _send(self, payload: bytes) -> None:
        header = len(payload).to_bytes(3, "little") + bytes([self._sequence])
        self._socket.sendall(header + payload)
        self._sequence = (self._sequence + 1) & 0xFF

    def _receive(self) -> bytes:
        header = self._exactly(4)
        payload = self._exactly(int.from_bytes(header[:3], "little"))
        self._sequence = (header[3] + 1) & 0xFF
        self._server.received.append(payload)
        if self._is_clear:
            self._server.clear += header + payload
        return payload

    def _exactly(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            part = self._socket.recv(count - len(found))
            if not part:
                raise EOFError
            found += part
        return found
