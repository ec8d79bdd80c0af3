from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading

import pytest

from ops_dashboard.console import command
from ops_dashboard.console.account import Account
from ops_dashboard.console.command import ServeOptions
from stream_ingest.contracts.errors import UserError


def test_no_token_is_needed_on_loopback_and_one_is_generated_beyond() -> None:
    assert ServeOptions(host="127.0.0.1", port=0).access_token() is None
    tokens = {ServeOptions(host="0.0.0.0", port=0).access_token() for _ in range(2)}  # noqa: S104 - the case
    assert len(tokens) == 2
    assert all(token and len(token) >= 32 for token in tokens)


def test_a_given_token_is_needed_on_loopback_too() -> None:
    assert ServeOptions(host="127.0.0.1", port=0, token="x" * 16).access_token() == "x" * 16
    with pytest.raises(UserError, match="at least 16 characters"):
        ServeOptions(host="127.0.0.1", port=0, token="short").access_token()


def test_the_host_name_it_listens_on_is_allowed() -> None:
    options = ServeOptions(host="Ops.example", port=0, names=frozenset({"Other"}))
    assert options.allowed_names() == {"ops.example", "other"}
    assert ServeOptions(host="10.0.0.7", port=0).allowed_names() == frozenset()


def test_it_reports_its_address_with_the_token_and_stops_on_sigterm(account: Account) -> None:
    addresses: list[str] = []

    def on_start(address: str) -> None:
        addresses.append(address)
        threading.Timer(0, os.kill, (os.getpid(), signal.SIGTERM)).start()

    options = ServeOptions(host="127.0.0.1", port=0, token="a-token-of-a-test")
    asyncio.run(command.serve_until_stopped(account, options, on_start))
    (address,) = addresses
    assert address.startswith("http://127.0.0.1:")
    assert address.endswith("/login?token=a-token-of-a-test")


def test_a_taken_port_is_a_user_error(account: Account) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        options = ServeOptions(host="127.0.0.1", port=taken.getsockname()[1])
        with pytest.raises(UserError, match="cannot listen on 127"):
            asyncio.run(command.serve_until_stopped(account, options, lambda _: None))


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: a\r\nX-Half"])
def test_a_connection_without_complete_headers_is_closed(
    account: Account, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    """Otherwise a client that sends a byte now and then holds a connection for an hour."""
    monkeypatch.setattr(command, "REQUEST_HEAD_S", 0.2)
    received: list[bytes] = []

    def connect(address: str) -> None:
        threading.Thread(target=wait_for_end, args=(int(address.split(":")[2][:-1]),)).start()

    def wait_for_end(port: int) -> None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                connection.sendall(sent)
                received.append(connection.recv(100))
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    options = ServeOptions(host="127.0.0.1", port=0)
    asyncio.run(command.serve_until_stopped(account, options, connect))
    assert received == [b""]
