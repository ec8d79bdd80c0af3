"""``ops-dashboard serve``: the console on a port of this machine. Edge: the composition root."""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
from collections.abc import Callable

import msgspec
from aiohttp import web

from ops_dashboard.console.access import MIN_TOKEN_CHARACTERS, is_address, is_loopback
from ops_dashboard.console.account import Account
from ops_dashboard.console.server import make_app, new_access
from stream_ingest.aws import clients
from stream_ingest.cli.terminal import say
from stream_ingest.contracts.errors import UserError

_GRACE_S = 5.0


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """Where the console listens, and for whom."""

    host: str
    port: int
    token: str | None = None
    names: frozenset[str] = frozenset()

    def access_token(self) -> str | None:
        """Return the token that is needed: none on loopback, unless one was given."""
        if self.token is not None and len(self.token) < MIN_TOKEN_CHARACTERS:
            msg = f"an access token has at least {MIN_TOKEN_CHARACTERS} characters"
            raise UserError(msg)
        if self.token is None and not is_loopback(self.host):
            return secrets.token_urlsafe(24)
        return self.token

    def own_names(self) -> frozenset[str]:
        """Return the names by which browsers may call it, in lower case."""
        own = {self.host} if not is_address(self.host) else set()
        return frozenset(name.lower() for name in own | self.names)


def serve(stack: str, door: Door) -> None:
    """Serve the console until Ctrl-C or SIGTERM; print its address on stdout."""
    door.access_token()  # a bad one is told before AWS is asked
    account = Account(clients.session(), stack)
    asyncio.run(serve_until_stopped(account, door, _print_address))


async def serve_until_stopped(account: Account, door: Door, tell: Callable[[str], None]) -> None:
    """Listen, `tell` the address, answer until a signal comes; `UserError` for a taken port."""
    token = door.access_token()
    stopped = _stop_on_signals()
    runner = web.AppRunner(
        make_app(account, new_access(token, door.own_names())),
        access_log=None,
        handle_signals=False,
        shutdown_timeout=_GRACE_S,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, door.host, door.port)
        try:
            await site.start()
        except OSError as error:
            msg = f"cannot listen on {door.host}:{door.port}: {error.strerror}; choose a --port"
            raise UserError(msg) from error
        tell(_address(door.host, runner.addresses[0][1], token))
        await stopped.wait()
    finally:
        await runner.cleanup()


def _address(host: str, port: int, token: str | None) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/" + (f"login?token={token}" if token else "")


def _print_address(address: str) -> None:
    say("The console; Ctrl-C ends it:")
    sys.stdout.write(address + "\n")
    sys.stdout.flush()


def _stop_on_signals() -> asyncio.Event:
    """Return what is set when the process is asked to end."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, asked.set)
    return asked
