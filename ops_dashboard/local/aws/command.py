"""``ops-dashboard local up``, ``down`` and ``status``. Edge (processes, terminal)."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import typer
from rich.console import Console

from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.instances import Instance, running
from ops_dashboard.local.aws.ministack import stop
from ops_dashboard.printing.tables import table_of
from ops_dashboard.printing.terminal import print_json, print_table
from stream_ingest.aws.stack import load_stack
from stream_ingest.cli.terminal import say
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.levels import LevelError

if TYPE_CHECKING:
    from ops_dashboard.local.aws.stack import LocalAws


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


def start(
    stack: str, port: int | None, sources: Sequence[str], state: Path | None, *, auth: bool
) -> None:
    """Start an embedded AWS, or find it, and print its variables for a shell."""
    from ops_dashboard.local.aws.up import UpRequest, bring_up  # noqa: PLC0415 - `status` and `down` need no Pulumi

    request = UpRequest(
        stack=stack,
        port=port,
        auth=auth,
        state=state,
        sources=tuple(sources),
    )
    console = _progress()
    aws = bring_up(request, console.print)
    console.print(f"Ready. Stop it with: ops-dashboard local down --port {aws.instance.port}")
    _export(aws)


def _export(aws: LocalAws) -> None:
    for name, value in aws.environment().items():
        typer.echo(f"export {name}={shlex.quote(value)}")


def stop_chosen(port: int | None, *, every: bool) -> None:
    """Stop the embedded AWS on a port, the one of this shell, the only one, or all."""
    console = _progress()
    for instance in _chosen(running(), port, every=every):
        stop(instance)
        console.print(f"Stopped stack {instance.stack} on {instance.endpoint}.")
        if instance.state is not None:
            console.print(
                f"Restore it with: ops-dashboard local up --state {shlex.quote(instance.state)}"
            )


def show_running(*, json: bool) -> None:
    """Print the embedded AWSes that run on this machine."""
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
