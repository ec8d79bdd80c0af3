"""Options and help of ``ops-dashboard status``. Edge (command line)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.groups import Work

STATUS_EXAMPLES = """Examples:

  ops-dashboard status

  ops-dashboard status --batch push-20261121-0900 --watch
"""


def status(
    *,
    batch: Annotated[str | None, typer.Option(help="Show only this batch, in detail.")] = None,
    last: Annotated[
        int,
        typer.Option(
            min=0, help="Maximum number of ended batches to show; open ones are always shown."
        ),
    ] = 20,
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Show changes until the batch has ended, or until Ctrl-C."),
    ] = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """Show the progress of batches: rows, refusals, windows and collages; and open photos."""
    from ops_dashboard.inspect.status import show_status

    return partial(show_status, stack=stack, batch_id=batch, last=last, watch=watch, json=json)
