"""Options and help of ``ops-dashboard dlq``, ``replay`` and ``retry``. Edge (command line)."""

from __future__ import annotations

from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.groups import Work
from stream_ingest.contracts.errors import UserError

Wait = Annotated[bool, typer.Option("--wait", help="Wait until the collages are rebuilt.")]

_NAMED = "Dead letters, by the ids that `dlq list` shows."
Names = Annotated[list[str], typer.Argument(metavar="ID", help=_NAMED, show_default=False)]

LIST_EXAMPLES = """Examples:

  ops-dashboard dlq list

  ops-dashboard dlq list --stack prod --limit 0 --json
"""
SHOW_EXAMPLES = """Examples:

  ops-dashboard dlq show 3f0c9a71d2
"""
REDRIVE_EXAMPLES = """Examples:

  ops-dashboard dlq redrive --all

  ops-dashboard dlq redrive 3f0c9a71d2 b81e5520ac

  ops-dashboard dlq redrive --window charli:000012
"""
DROP_EXAMPLES = """Examples:

  ops-dashboard dlq drop 3f0c9a71d2

  ops-dashboard dlq drop 3f0c9a71d2 b81e5520ac --yes
"""
REPLAY_EXAMPLES = """Examples:

  ops-dashboard replay --from 2026-11-20 --to 2026-11-21 --wait

  ops-dashboard replay --creator charli --from 2026-11-01

  ops-dashboard replay --window charli:000012 --window charli:000013
"""
RETRY_EXAMPLES = """Examples:

  ops-dashboard retry --failed --wait

  ops-dashboard retry --failed --batch push-20261121-0900
"""


def list_dead_letters(
    *,
    limit: Annotated[
        int, typer.Option(min=0, help="Maximum number of each kind to list; 0 lists all.")
    ] = 1_000,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """List dead letters: id, kind, time, what it is about, attempts before it, and reason."""
    from ops_dashboard.recovery.dlq_command import DeadLetterCommands

    return lambda: DeadLetterCommands(stack).list_all(limit, json=json)


def show(letter: Names, *, stack: options.Stack = "dev", json: options.Json = False) -> Work:
    """Show all that is known about dead letters, with their bodies."""
    from ops_dashboard.recovery.dlq_command import DeadLetterCommands

    return lambda: DeadLetterCommands(stack).show(letter, json=json)


def redrive(
    letter: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help=_NAMED, show_default=False)
    ] = None,
    *,
    window: Annotated[str | None, typer.Option(help="Only dead letters of this window.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All dead letters.")] = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """Send dead letters to be processed again; sending one twice has no effect."""
    if [every, bool(window), bool(letter)].count(True) != 1:
        msg = "give either ids of dead letters, --window ID or --all"
        raise UserError(msg)
    from ops_dashboard.recovery.dlq_command import DeadLetterCommands

    return lambda: DeadLetterCommands(stack).redrive(letter or [], window, every=every, json=json)


def drop(
    letter: Names,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Drop without a confirmation.")] = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """Give up dead letters: they are deleted, after a copy of each was stored."""
    from ops_dashboard.recovery.dlq_command import DeadLetterCommands

    return lambda: DeadLetterCommands(stack).drop(letter, yes=yes, json=json)


def replay(  # noqa: PLR0913 - one parameter for each option
    *,
    start: Annotated[
        str | None, typer.Option("--from", help="Windows that closed at or after this time (UTC).")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Windows that closed before this time; default: now.")
    ] = None,
    creator: options.Creator = None,
    window: Annotated[
        list[str] | None, typer.Option(help="Only this window; may be repeated.")
    ] = None,
    wait: Wait = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """Rebuild collages, from the stored originals if the URLs have expired."""
    from ops_dashboard.recovery.command import Recovery

    return lambda: Recovery(stack).replay(
        start, end, creators=creator or [], windows=window or [], wait=wait, json=json
    )


def retry(  # noqa: PLR0913 - one parameter for each option
    *,
    failed: Annotated[
        bool,
        typer.Option("--failed", help="Windows with failures whose reason may have passed."),
    ] = False,
    batch: Annotated[str | None, typer.Option(help="Only windows of this batch.")] = None,
    creator: Annotated[str | None, typer.Option(help="Only windows of this creator.")] = None,
    wait: Wait = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """Download failed images again and rebuild their collages; other images are not downloaded."""
    if not failed:
        msg = "give --failed: it selects the windows to retry"
        raise UserError(msg)
    from ops_dashboard.recovery.command import Recovery

    return lambda: Recovery(stack).retry(batch_id=batch, creator=creator, wait=wait, json=json)
