"""Options and help of ``ops-dashboard creators`` and ``windows``. Edge (command line)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from ops_dashboard.commands.shared import After, AsCsv, End, Limit, Out, Start, refuse_together
from stream_ingest.cli import options
from stream_ingest.cli.groups import Work
from stream_ingest.contracts.table import WindowStatus
from stream_ingest.sources.timerange import between

Shown = Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of rows to show.")]

CREATORS_EXAMPLES = """Examples:

  ops-dashboard creators charli

  ops-dashboard creators char --limit 200
"""
WINDOWS_EXAMPLES = """Examples:

  ops-dashboard windows --status failed

  ops-dashboard windows --creator charli --limit 10 --json

  ops-dashboard windows --from yesterday --to today --out yesterday.csv
"""


def creators(
    name: Annotated[
        str | None, typer.Argument(help="A creator's name, or a prefix of names.")
    ] = None,
    *,
    limit: Shown = 50,
    after: After = None,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """Show a creator's open windows and history, or list creators by prefix."""
    from ops_dashboard.inspect.command import show_creators

    return partial(show_creators, stack, name, limit=limit, after=after, json=json)


def windows(  # noqa: PLR0913 - one parameter for each option
    *,
    status: Annotated[
        WindowStatus | None,
        typer.Option(
            metavar="STATUS",
            help=f"Only windows with this status: {', '.join(WindowStatus)}.",
        ),
    ] = None,
    batch: Annotated[str | None, typer.Option(help="Only windows of this batch.")] = None,
    creator: Annotated[str | None, typer.Option(help="Only windows of this creator.")] = None,
    start: Start = None,
    end: End = None,
    limit: Limit = None,
    after: After = None,
    csv: AsCsv = False,
    out: Out = None,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """List windows, newest first."""
    from ops_dashboard.inspect.command import show_windows, write_windows
    from ops_dashboard.inspect.window_filter import WindowFilter

    since, until = between(start, end, datetime.now(UTC))
    wanted = WindowFilter(status=status, batch_id=batch, creator=creator, since=since, until=until)
    if csv or out:
        refuse_together(json, after)
        return partial(write_windows, stack, wanted, limit=limit, path=out)
    return partial(show_windows, stack, wanted, limit=limit or 50, after=after, json=json)
