"""``ops-dashboard serve``: the console on a port of this machine. Edge (network, signals)."""

from __future__ import annotations

import asyncio
import secrets
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec
from aiohttp import web

from ops_dashboard.console.access import MIN_TOKEN_CHARACTERS, is_ip_address, is_loopback
from ops_dashboard.console.account import Account, open_account
from ops_dashboard.console.server import make_app, new_access
from stream_ingest.aws import clients
from stream_ingest.cli.terminal import say
from stream_ingest.contracts.errors import UserError

_SHUTDOWN_TIMEOUT_S = 5.0
_THREADS = 32
"""Calls of AWS at once; asyncio's own default would be six on a machine of two cores, so that a
slow service would keep every page waiting."""
REQUEST_HEAD_S = 20.0
"""Seconds after which a connection is closed that has not sent a request's complete headers."""


class ServeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Where the console listens, and who may connect."""

    host: str
    port: int
    """0 chooses a free port."""
    token: str | None = None
    names: frozenset[str] = frozenset()

    def access_token(self) -> str | None:
        """Return the access token, generated beyond loopback if none was given, or None.

        Raises `UserError` if the given token is too short.
        """
        if self.token is not None and len(self.token) < MIN_TOKEN_CHARACTERS:
            msg = f"an access token has at least {MIN_TOKEN_CHARACTERS} characters"
            raise UserError(msg)
        if self.token is None and not is_loopback(self.host):
            return secrets.token_urlsafe(24)
        return self.token

    def allowed_names(self) -> frozenset[str]:
        """Return the host names that requests may use, in lower case."""
        own = {self.host} if not is_ip_address(self.host) else set()
        return frozenset(name.lower() for name in own | self.names)


def serve(stack: str, options: ServeOptions) -> None:
    """Serve the console until Ctrl-C or SIGTERM; print its address on stdout."""
    options.access_token()  # reports a bad token before any call to AWS
    account = open_account(clients.session(), stack)
    asyncio.run(serve_until_stopped(account, options, _print_address))


async def serve_until_stopped(
    account: Account, options: ServeOptions, on_start: Callable[[str], None]
) -> None:
    """Listen, call `on_start` with the address, and serve until SIGINT or SIGTERM.

    Raises `UserError` if the port is taken.
    """
    token = options.access_token()
    stopped = _stop_on_signals()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, "console"))
    runner = web.AppRunner(
        make_app(account, new_access(token, options.allowed_names())),
        access_log=None,
        handle_signals=False,
        shutdown_timeout=_SHUTDOWN_TIMEOUT_S,
        keepalive_timeout=REQUEST_HEAD_S,  # runs from the last request, or the connection, on
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, options.host, options.port)
        try:
            await site.start()
        except OSError as error:
            msg = (
                f"cannot listen on {options.host}:{options.port}: {error.strerror};"
                " choose another --port"
            )
            raise UserError(msg) from error
        on_start(_address(options.host, runner.addresses[0][1], token))
        await stopped.wait()
    finally:
        await runner.cleanup()


def _address(host: str, port: int, token: str | None) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/" + (f"login?token={token}" if token else "")


def _print_address(address: str) -> None:
    say("Console (Ctrl-C stops it):")
    sys.stdout.write(address + "\n")
    sys.stdout.flush()


def _stop_on_signals() -> asyncio.Event:
    """Return an event that is set by SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stopped.set)
    return stopped
