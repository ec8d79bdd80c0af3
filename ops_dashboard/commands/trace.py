"""Options and help of ``ops-dashboard trace``. Edge (command line)."""

from __future__ import annotations

from typing import Annotated

import typer

from ops_dashboard.trace.command import show_trace
from stream_ingest.cli import options

EXAMPLES = """Examples:

  ops-dashboard trace charli:000012

  ops-dashboard trace charli:000012 --query
"""


def trace(
    window: Annotated[str, typer.Argument(help="Id of a window, such as charli:000012.")],
    *,
    query: Annotated[
        bool,
        typer.Option("--query", help="Print only the Logs Insights query, without calling AWS."),
    ] = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> None:
    """Show the timeline of a window, its objects and the query for its log lines."""
    show_trace(window, stack=stack, query_only=query, json=json)
