"""A TCP proxy that is slow or silent, breaks connections, dies and comes back. Edge (network).

It stands before a database. What goes wrong is counted in bytes of the server's answers, so that it
happens in the middle of a result whatever the machine's speed.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

_HOST = "127.0.0.1"
_PATIENCE_S = 10
_CHUNK_BYTES = 16_384
_TICK_S = 0.02


class End(StrEnum):
    """What happens to a connection after the bytes of a `Fault`."""

    SILENCE = "silence"
    """Nothing comes any more, and the connection stays open."""
    RESET = "reset"
    """The client gets RST."""
    CLOSE = "close"
    """The client gets the end of the stream, in the middle of a result."""
    DEATH = "death"
    """All connections are reset, and new ones are refused until `TcpProxy.come_back`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpFault:
    """What happens to the first `times` connections that have sent `after_bytes` to the client.

    The first `skip` new connections, and those that were open before, are left alone.
    """

    end: End
    after_bytes: int
    times: int = 1
    skip: int = 0


class TcpProxy:
    """The proxy in a thread of its own; a context manager that is entered once."""

    def __init__(self, port: int) -> None:
        """Pass connections on to `port` of this machine."""
        self._upstream, self._port = port, 0
        self._bytes_per_s: float | None = None
        self._fault: TcpFault | None = None
        self._skip = 0
        self.injected = 0
        """How often the last armed fault was injected."""
        self.connections = 0
        """How many connections were accepted."""
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tcp-proxy")

    @property
    def port(self) -> int:
        """The port to connect to; the same after it has come back."""
        return self._port

    def slow_down(self, bytes_per_s: float | None) -> None:
        """Send the server's answers at `bytes_per_s`, each connection for itself; None: as fast."""
        self._bytes_per_s = bytes_per_s

    def arm(self, fault: TcpFault | None) -> None:
        """Inject `fault` from now on, instead of an earlier one."""
        self._skip = 0 if fault is None else fault.skip
        self._fault, self.injected = fault, 0

    def die(self) -> None:
        """Reset all connections and refuse new ones. Idempotent."""
        self._call(self._die())

    def come_back(self) -> None:
        """Accept connections again, on the same port. Idempotent."""
        self._call(self._listen())

    def __enter__(self) -> Self:
        """Start listening on a free port."""
        self._thread.start()
        self._call(self._listen())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Reset every connection and end the thread."""
        self._call(self._finish())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Coroutine[object, object, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_S)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, _HOST, self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def _die(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for writer in tuple(self._open):
            _reset(writer)

    async def _finish(self) -> None:
        await self._die()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            from_server, to_server = await asyncio.open_connection(_HOST, self._upstream)
        except OSError:
            _reset(writer)
            return
        if self._server is None:  # it died meanwhile
            _reset(writer)
            _reset(to_server)
            return
        self._open |= {writer, to_server}
        fault, self._skip = (None if self._skip else self._fault), max(0, self._skip - 1)
        ways = (
            asyncio.create_task(self._upwards(reader, to_server)),
            asyncio.create_task(self._downwards(from_server, writer, fault)),
        )
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._open -= {writer, to_server}
            for each in (writer, to_server):
                each.close()

    async def _upwards(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK_BYTES):
            writer.write(data)
            await writer.drain()

    async def _downwards(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: TcpFault | None
    ) -> None:
        sent = 0
        while data := await reader.read(self._chunk_bytes()):
            is_armed = fault is self._fault and self.injected < (fault.times if fault else 0)
            if fault and is_armed and sent + len(data) >= fault.after_bytes:
                writer.write(data[: fault.after_bytes - sent])
                await writer.drain()
                self.injected += 1
                await self._end(fault.end, writer)
                return
            writer.write(data)
            await writer.drain()
            sent += len(data)
            if self._bytes_per_s is not None:
                await asyncio.sleep(len(data) / self._bytes_per_s)

    def _chunk_bytes(self) -> int:
        if self._bytes_per_s is None:
            return _CHUNK_BYTES
        return max(1, min(_CHUNK_BYTES, round(self._bytes_per_s * _TICK_S)))

    async def _end(self, end: End, writer: asyncio.StreamWriter) -> None:
        match end:
            case End.SILENCE:
                await asyncio.Event().wait()  # until the client gives up, or the test ends
            case End.RESET:
                _reset(writer)
            case End.CLOSE:
                pass  # the connection is closed with its task
            case End.DEATH:
                await self._die()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection with RST; once it is closed, do nothing."""
    raw = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
