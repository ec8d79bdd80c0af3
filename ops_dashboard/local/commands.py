"""``ops-dashboard local up`` and ``local down``. Edge (command line)."""

from __future__ import annotations

import os
import shlex
from typing import Annotated

import typer
from rich.console import Console

from ops_dashboard.local.instances import Instance, running
from ops_dashboard.local.ministack import stop
from stream_ingest.errors import UserError

local_app = typer.Typer(name="local", help="An embedded AWS on this machine.", no_args_is_help=True)


def _progress() -> Console:
    """Return where progress goes: stderr, as stdout is for the shell to evaluate."""
    return Console(stderr=True, soft_wrap=True, highlight=False)


@local_app.command()
def up(
    *,
    port: Annotated[int | None, typer.Option(help="Port on 127.0.0.1; a free one if none.")] = None,
    allow_source: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST:PORT", help="May be fetched although it is not public."),
    ] = None,
    stack: Annotated[str, typer.Option(help="Which Pulumi.<stack>.yaml to deploy.")] = "dev",
    auth: Annotated[bool, typer.Option("--auth", help="Enforce IAM policies, over TLS.")] = False,
) -> None:
    """Start an embedded AWS, deploy a stack, print variables: eval "$(ops-dashboard local up)"."""
    from ops_dashboard.local.stack import LocalAws  # noqa: PLC0415 - imports Pulumi, a whole second

    console = _progress()
    console.print("Starting the embedded AWS …")
    with LocalAws.start(stack=stack, port=port, auth=auth) as aws:
        console.print(f"Deploying stack {stack} onto {aws.endpoint} …")
        aws.deploy(allowed_sources=allow_source or ())
        aws.leave_running()
    console.print(f"Ready. Stop it with: ops-dashboard local down --port {aws.instance.port}")
    for name, value in aws.environment().items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@local_app.command()
def down(
    *,
    port: Annotated[int | None, typer.Option(help="The one on this port.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Stop the embedded AWS and delete all that is in it."""
    console = _progress()
    for instance in _chosen(running(), port, every=every):
        stop(instance)
        console.print(f"Stopped stack {instance.stack} on {instance.endpoint}.")


def _chosen(instances: list[Instance], port: int | None, *, every: bool) -> list[Instance]:
    """Return what to stop: all, the one on a port, the shell's own, or the only one."""
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
        msg = f"no embedded AWS runs{where}"
        raise UserError(msg)
    ports = ", ".join(str(instance.port) for instance in chosen)
    msg = f"several run, on ports {ports}: choose one with --port, or --all"
    raise UserError(msg)
