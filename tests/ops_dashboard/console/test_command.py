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
