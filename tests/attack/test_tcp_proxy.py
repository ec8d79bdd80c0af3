"""The proxy before a database breaks connections at the byte that it was told."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from tests.attack.harness.tcp_proxy import End, TcpFault, TcpProxy

RESULT = bytes(range(256)) * 1_000
AFTER = 100_000


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


class _Result(socketserver.BaseRequestHandler):
    """Sends `RESULT` for each line."""

    def handle(self) -> None:
        lines = self.request.makefile("rb")
        try:
            while lines.readline():
                self.request.sendall(RESULT)
        except OSError:
            pass  # the proxy resets connections
        finally:
            lines.close()


@pytest.fixture
def proxy() -> Iterator[TcpProxy]:
    with _Server(("127.0.0.1", 0), _Result) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        with TcpProxy(server.server_address[1]) as made:
            yield made
        server.shutdown()
        thread.join()


def connect(proxy: TcpProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=10)


def read(client: socket.socket, size: int = len(RESULT)) -> bytes:
    """Ask for the result and return what comes of it before the end of the stream."""
    client.sendall(b"SELECT\n")
    parts, left = [], size
    while left and (part := client.recv(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def test_without_a_fault_everything_passes(proxy: TcpProxy) -> None:
    with connect(proxy) as client:
        assert read(client) == RESULT
        assert read(client) == RESULT
    assert proxy.injected == 0


def test_a_reset_and_an_end_come_in_the_middle_of_a_result_as_often_as_armed(
    proxy: TcpProxy,
) -> None:
    proxy.arm(TcpFault(end=End.CLOSE, after_bytes=AFTER, times=2))
    for _ in range(2):
        with connect(proxy) as client:
            assert read(client) == RESULT[:AFTER]
    with connect(proxy) as client:
        assert read(client) == RESULT
    proxy.arm(TcpFault(end=End.RESET, after_bytes=AFTER))
    with connect(proxy) as client, pytest.raises(ConnectionResetError):
        read(client)
    assert proxy.injected == 1


def test_a_fault_leaves_the_first_connections_and_earlier_ones_alone(proxy: TcpProxy) -> None:
    with connect(proxy) as earlier:
        assert read(earlier, 10) == RESULT[:10]
        proxy.arm(TcpFault(end=End.CLOSE, after_bytes=AFTER, skip=1))
        with connect(proxy) as first:
            assert read(first) == RESULT
        with connect(proxy) as second:
            assert read(second) == RESULT[:AFTER]
        assert len(read(earlier)) == len(RESULT)


def test_a_silent_connection_stays_open_and_others_answer(proxy: TcpProxy) -> None:
    proxy.arm(TcpFault(end=End.SILENCE, after_bytes=AFTER))
    with connect(proxy) as client:
        assert read(client, AFTER) == RESULT[:AFTER]
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)
        with connect(proxy) as other:
            assert read(other) == RESULT


def test_a_dead_server_refuses_connections_until_it_is_back_on_the_same_port(
    proxy: TcpProxy,
) -> None:
    with connect(proxy) as other:
        assert read(other) == RESULT
        proxy.arm(TcpFault(end=End.DEATH, after_bytes=AFTER))
        with connect(proxy) as client, pytest.raises(ConnectionResetError):
            read(client)
        with pytest.raises(ConnectionResetError):
            read(other)
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    proxy.come_back()
    with connect(proxy) as client:
        assert read(client) == RESULT


def test_a_slow_server_sends_no_faster_than_its_rate(proxy: TcpProxy) -> None:
    proxy.slow_down(len(RESULT) * 2)
    start = time.monotonic()
    with connect(proxy) as client:
        assert read(client) == RESULT
    assert time.monotonic() - start > 0.4
    proxy.slow_down(None)
