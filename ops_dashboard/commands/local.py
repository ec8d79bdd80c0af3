"""Options and help of ``ops-dashboard local``. Edge (command line)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ops_dashboard.checkout import require_checkout
from stream_ingest.cli import options
from stream_ingest.cli.groups import Work

UP_EXAMPLES = """Examples:

  eval "$(ops-dashboard local up)"

  eval "$(ops-dashboard local up --port 4566 --state ~/coverstream-state)"
"""
DOWN_EXAMPLES = """Examples:

  ops-dashboard local down

  ops-dashboard local down --all
"""
STATUS_EXAMPLES = """Examples:

  ops-dashboard local status

  ops-dashboard local status --json
"""


def up(
    *,
    port: Annotated[
        int | None, typer.Option(help="Port on 127.0.0.1. Default: a free port.")
    ] = None,
    allow_source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Non-public address from which covers may be downloaded. Repeatable.",
        ),
    ] = None,
    stack: Annotated[str, typer.Option(help="Stack to deploy, from Pulumi.<stack>.yaml.")] = "dev",
    auth: Annotated[
        bool, typer.Option("--auth", help="Enforce IAM policies, and use TLS.")
    ] = False,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            file_okay=False,
            help="Folder for persistent state: saved by `down`, restored by the next `up`.",
        ),
    ] = None,
) -> Work:
    """Start an embedded AWS, deploy a stack and print its variables for a shell.

    With --port or --state, the same call again finds what it started before.
    """
    require_checkout("local up")
    from ops_dashboard.local.aws.command import start

    folder = None if state is None else state.resolve()
    return partial(start, stack, port, allow_source or (), folder, auth=auth)


def down(
    *,
    port: Annotated[int | None, typer.Option(help="Stop the one on this port.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Stop all of them.")] = False,
) -> Work:
    """Stop the embedded AWS and delete its state, unless it was started with --state."""
    from ops_dashboard.local.aws.command import stop_chosen

    return partial(stop_chosen, port, every=every)


def status(*, json: options.Json = False) -> Work:
    """List the embedded AWSes running on this machine."""
    from ops_dashboard.local.aws.command import show_running

    return partial(show_running, json=json)
