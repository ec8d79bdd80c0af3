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
from ops_dashboard.local.aws.persistence import Kept, check_same, note_kept, read_kept
from ops_dashboard.printing.tables import table_of
from ops_dashboard.printing.terminal import print_json, print_table
from stream_ingest.aws.stack import load_stack
from stream_ingest.cli import options
from stream_ingest.cli.terminal import say
from stream_ingest.contracts.errors import UserError

if TYPE_CHECKING:
    from ops_dashboard.local.aws.stack import LocalAws

local_app = typer.Typer(name="local", help="An embedded AWS on this machine.", no_args_is_help=True)


class LocalStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One embedded AWS that runs."""

    port: int
    endpoint: str
    stack: str
    is_deployed: bool
    state: str | None
    """Folder in which it keeps what it holds; None where that ends with it."""
    log: str


def _progress() -> Console:
    """Return where progress goes: stderr, as stdout is for the shell to evaluate."""
    return Console(stderr=True, soft_wrap=True, highlight=False, markup=False)


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
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            file_okay=False,
            help="Keep there what it holds when it is stopped, and go on from that.",
        ),
    ] = None,
) -> None:
    """Start an embedded AWS, deploy a stack, print variables: eval "$(ops-dashboard local up)"."""
    require_checkout("local up")
    from ops_dashboard.local.aws.bridge import process  # noqa: PLC0415 - imports boto3 and more
    from ops_dashboard.local.aws.stack import LocalAws  # noqa: PLC0415 - imports Pulumi, a whole second

    folder = None if state is None else state.resolve()
    kept = _kept(folder, stack=stack, port=port, auth=auth, sources=allow_source)
    console = _progress()
    console.print("Starting the embedded AWS …")
    with LocalAws.start(
        stack=stack, port=kept.port if kept else port, auth=auth, state=folder
    ) as aws:
        if kept:
            aws.outputs()  # it is all there, or this says what is not
            console.print(f"Stack {stack} is on {aws.endpoint} as it was left.")
        else:
            console.print(f"Deploying stack {stack} onto {aws.endpoint} …")
            aws.deploy(allowed_sources=allow_source or ())
        if folder is not None:
            note_kept(folder, aws.instance)
        process.spawn(aws.instance)
        aws.leave_running()
    console.print(f"Ready. Stop it with: ops-dashboard local down --port {aws.instance.port}")
    _export(aws)


def _kept(
    folder: Path | None, *, stack: str, port: int | None, auth: bool, sources: list[str] | None
) -> Kept | None:
    """Return what is to be gone on from, if anything; `UserError` where that cannot be."""
    if folder is None:
        return None
    for instance in running():
        if instance.state == str(folder):
            msg = f"the embedded AWS on port {instance.port} keeps its state in {folder}"
            raise UserError(msg)
    kept = read_kept(folder)
    if kept is None:
        return None
    check_same(folder, kept, stack=stack, port=port, auth=auth)
    if sources:
        msg = f"--allow-source is for a new stack, and {folder} holds one: choose another --state"
        raise UserError(msg)
    return kept


def _export(aws: LocalAws) -> None:
    for name, value in aws.environment().items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@local_app.command()
def down(
    *,
    port: Annotated[int | None, typer.Option(help="The one on this port.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Stop the embedded AWS; what is in it is deleted, but for what --state keeps."""
    console = _progress()
    for instance in _chosen(running(), port, every=every):
        stop(instance)
        console.print(f"Stopped stack {instance.stack} on {instance.endpoint}.")
        if instance.state is not None:
            console.print(
                "Go on from there with: ops-dashboard local up --state"
                f" {shlex.quote(instance.state)}"
            )


@local_app.command()
def status(*, json: options.Json = False) -> None:
    """List the embedded AWSes that run on this machine."""
    found = [_status(instance) for instance in running()]
    if json:
        print_json(found)
    elif not found:
        say('none runs; start one: eval "$(ops-dashboard local up)"')
    else:
        columns = ("port", "endpoint", "stack", "deployed", "state kept in", "log")
        rows = [
            (
                str(each.port),
                each.endpoint,
                each.stack,
                "yes" if each.is_deployed else "no",
                each.state or "nowhere",
                each.log,
            )
            for each in found
        ]
        print_table(table_of(columns, rows))


def _status(instance: Instance) -> LocalStatus:
    clients = Clients(instance.endpoint, instance.ca_bundle)
    try:
        load_stack(clients.ssm, instance.stack)
    except UserError:
        is_deployed = False
    else:
        is_deployed = True
    finally:
        clients.close()
    return LocalStatus(
        port=instance.port,
        endpoint=instance.endpoint,
        stack=instance.stack,
        is_deployed=is_deployed,
        state=instance.state,
        log=str(instance.log),
    )


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
