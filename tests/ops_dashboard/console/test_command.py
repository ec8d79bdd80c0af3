from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading

import pytest

from ops_dashboard.console import command
from ops_dashboard.console.account import Account
from ops_dashboard.console.command import Door
from stream_ingest.contracts.errors import UserError


def test_on_loopback_no_token_is_needed_and_beyond_one_is_made() -> None:
    assert Door(host="127.0.0.1", port=0).access_token() is None
    made = {Door(host="0.0.0.0", port=0).access_token() for _ in range(2)}  # noqa: S104 - the case
    assert len(made) == 2
    assert all(token and len(token) >= 32 for token in made)


def test_a_token_that_is_given_is_needed_everywhere() -> None:
    assert Door(host="127.0.0.1", port=0, token="x" * 16).access_token() == "x" * 16
    with pytest.raises(UserError, match="at least 16 characters"):
        Door(host="127.0.0.1", port=0, token="short").access_token()


def test_a_name_that_it_is_bound_to_is_one_of_its_names() -> None:
    door = Door(host="Ops.example", port=0, names=frozenset({"Other"}))
    assert door.own_names() == {"ops.example", "other"}
    assert Door(host="10.0.0.7", port=0).own_names() == frozenset()


def test_it_tells_its_address_with_the_token_and_ends_when_asked(account: Account) -> None:
    told: list[str] = []

    def tell(address: str) -> None:
        told.append(address)
        threading.Timer(0, os.kill, (os.getpid(), signal.SIGTERM)).start()

    door = Door(host="127.0.0.1", port=0, token="a-token-of-a-test")
    asyncio.run(command.serve_until_stopped(account, door, tell))
    (address,) = told
    assert address.startswith("http://127.0.0.1:")
    assert address.endswith("/login?token=a-token-of-a-test")


def test_a_port_that_is_taken_is_told_in_one_line(account: Account) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        door = Door(host="127.0.0.1", port=taken.getsockname()[1])
        with pytest.raises(UserError, match="cannot listen on 127"):
            asyncio.run(command.serve_until_stopped(account, door, lambda _: None))
