"""``ops-dashboard local up``, ``down`` and ``status``. Edge (command line)."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console

from ops_dashboard.checkout import require_checkout
from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.instances import Instance, running
from ops_dashboard.local.aws.ministack import stop
from ops_dashboard.printing.tables import table_of
from ops_dashboard.printing.terminal import print_json, print_table
from stream_ingest.aws.stack import load_stack
from stream_ingest.cli import options
from stream_ingest.cli.terminal import say
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.levels import LevelError

if TYPE_CHECKING:
    from ops_dashboard.local.aws.stack import LocalAws

local_app = typer.Typer(
    name="local", help="Run an embedded AWS on this machine.", no_args_is_help=True
)


class LocalStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One running embedded AWS."""

    port: int
    endpoint: str
    stack: str
    is_deployed: bool
    fits: bool
    """Whether commands of this release can use its stack."""
    state: str | None
    """Folder of its persistent state; None if its state is deleted when it stops."""
    log: str


def _progress() -> Console:
    """Return the console for progress: stderr, because the shell evaluates stdout."""
    return Console(stderr=True, soft_wrap=True, highlight=False, markup=False)


@local_app.command()
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
) -> None:
    """Start an embedded AWS, deploy a stack and print its variables for a shell.

    With --port or --state, the same call again finds what it started before.

    Example: eval "$(ops-dashboard local up)"
    """
    require_checkout("local up")
    from ops_dashboard.local.aws.up import UpRequest, bring_up  # noqa: PLC0415 - imports Pulumi, a whole second

    request = UpRequest(
        stack=stack,
        port=port,
        auth=auth,
        state=None if state is None else state.resolve(),
        sources=tuple(allow_source or ()),
    )
    console = _progress()
    aws = bring_up(request, console.print)
    console.print(f"Ready. Stop it with: ops-dashboard local down --port {aws.instance.port}")
    _export(aws)


def _export(aws: LocalAws) -> None:
    for name, value in aws.environment().items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@local_app.command()
def down(
    *,
    port: Annotated[int | None, typer.Option(help="Stop the one on this port.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Stop all of them.")] = False,
) -> None:
    """Stop the embedded AWS and delete its state, unless it was started with --state."""
    console = _progress()
    for instance in _chosen(running(), port, every=every):
        stop(instance)
        console.print(f"Stopped stack {instance.stack} on {instance.endpoint}.")
        if instance.state is not None:
            console.print(
                f"Restore it with: ops-dashboard local up --state {shlex.quote(instance.state)}"
            )


@local_app.command()
def status(*, json: options.Json = False) -> None:
    """List the embedded AWSes running on this machine."""
    found = [_status(instance) for instance in running()]
    if json:
        print_json(found)
    elif not found:
        say('no embedded AWS is running; start one with: eval "$(ops-dashboard local up)"')
    else:
        columns = ("port", "endpoint", "stack", "deployed", "state", "log")
        rows = [
            (
                str(each.port),
                each.endpoint,
                each.stack,
                _deployed(each),
                each.state or "not saved",
                each.log,
            )
            for each in found
        ]
        print_table(table_of(columns, rows))


def _deployed(each: LocalStatus) -> str:
    if not each.is_deployed:
        return "no"
    return "yes" if each.fits else "by another release: `local down`, then `local up`"


def _status(instance: Instance) -> LocalStatus:
    clients = Clients(instance.endpoint, instance.ca_bundle)
    is_deployed = fits = True
    try:
        load_stack(clients.ssm, instance.stack)
    except LevelError:
        fits = False
    except UserError:
        is_deployed = fits = False
    finally:
        clients.close()
    return LocalStatus(
        port=instance.port,
        endpoint=instance.endpoint,
        stack=instance.stack,
        is_deployed=is_deployed,
        fits=fits,
        state=instance.state,
        log=str(instance.log),
    )


def _chosen(instances: list[Instance], port: int | None, *, every: bool) -> list[Instance]:
    """Return what to stop: all, the one on `port`, the one of this shell, or the only one."""
    if every:
        return instances
    if port is not None:
        chosen = [instance for instance in instances if instance.port == port]
    else:
        own = os.environ.get("AWS_ENDPOINT_URL")
        chosen = [instance for instance in instances if instance.endpoint == own] or instances
    if len(chosen) == 1:
        return chosen
    if not chosen:
        where = "" if port is None else f" on port {port}"
        msg = f"no embedded AWS is running{where}"
        raise UserError(msg)
    ports = ", ".join(str(instance.port) for instance in chosen)
    msg = f"several are running, on ports {ports}: choose one with --port, or --all"
    raise UserError(msg)
