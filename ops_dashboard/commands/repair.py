"""Options and help of ``ops-dashboard repair``. Edge (command line)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.groups import Work
from stream_ingest.contracts.errors import UserError

REPAIR_EXAMPLES = """Examples:

  ops-dashboard repair --stack prod

  ops-dashboard repair charli

  ops-dashboard repair "batch#push-20261121-0900 batch" --yes
"""


def repair(
    item: Annotated[
        str | None,
        typer.Argument(
            help="Item to repair, as the list shows it; a creator's name is its state, a window's"
            " id its window."
        ),
    ] = None,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Repair. Without it, only what would be done is shown.")
    ] = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """List items of the table that cannot be read, or repair one."""
    if item is None and yes:
        msg = "--yes repairs one item: give it, as `ops-dashboard repair` lists it"
        raise UserError(msg)
    from ops_dashboard.repair.command import show_repair

    return partial(show_repair, stack, item, yes=yes, json=json)
