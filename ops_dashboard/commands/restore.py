"""Options and help of ``ops-dashboard restore``. Edge (command line)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.groups import Work

RESTORE_EXAMPLES = """Examples:

  ops-dashboard restore --table coverstream-prod-state-2 --to 2026-11-28T10:00:00 --stack prod

  ops-dashboard restore --table coverstream-prod-state-2 --to 2026-11-28T10:00:00 --stack prod --yes
"""


def restore(
    *,
    to: Annotated[str, typer.Option("--to", help="Moment to which the table was restored (UTC).")],
    table: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Restored table, if the stack does not use it yet."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Write. Without it, only what would be done is shown.")
    ] = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """Take windows that were built since the backup into a table that was restored from it."""
    from ops_dashboard.restore.command import show_restore

    return partial(show_restore, stack, table, to, apply=yes, json=json)
