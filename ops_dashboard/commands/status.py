"""Options and help of ``ops-dashboard status``. Edge (command line)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.groups import Work
from stream_ingest.sources.timerange import between

STATUS_EXAMPLES = """Examples:

  ops-dashboard status

  ops-dashboard status --from yesterday --to today --last 500

  ops-dashboard status --batch push-20261121-0900 --watch
"""


def status(  # noqa: PLR0913 - one parameter for each option
    *,
    batch: Annotated[str | None, typer.Option(help="Show only this batch, in detail.")] = None,
    last: Annotated[
        int,
        typer.Option(
            min=0, help="Maximum number of ended batches to show; open ones are always shown."
        ),
    ] = 20,
    start: Annotated[
        str | None,
        typer.Option("--from", help="Only batches started at or after this time, such as today."),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Only batches started before this time.")
    ] = None,
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Show changes until the batch has ended, or until Ctrl-C."),
    ] = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """Show the progress of batches: rows, refusals, windows and collages; and open photos."""
    from ops_dashboard.inspect.status import StatusOptions, show_status

    since, until = between(start, end, datetime.now(UTC))
    wanted = StatusOptions(
        batch_id=batch, last=last, since=since, until=until, watch=watch, json=json
    )
    return partial(show_status, stack, wanted)
