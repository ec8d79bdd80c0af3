"""Options and help of ``ops-dashboard trace``. Edge (command line)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.groups import Work

TRACE_EXAMPLES = """Examples:

  ops-dashboard trace charli:000012

  ops-dashboard trace charli:000012 --query

  ops-dashboard trace wedding/IMG_1.jpg

  ops-dashboard trace "https://photos.example.com/renditions/wedding/IMG_1_small.jpg?v=5f2a90c1"
"""


def trace(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="WINDOW|PHOTO",
            help="Id of a window, such as charli:000012; or a photo: its key, its s3:// address, or"
            " the address of one of its outputs.",
        ),
    ],
    *,
    query: Annotated[
        bool,
        typer.Option(
            "--query",
            help="Print only the Logs Insights query; for a window, AWS is not called.",
        ),
    ] = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """Show the timeline of a window or a photo, its objects and the query for its log lines."""
    from ops_dashboard.trace.command import show_trace

    return partial(show_trace, subject, stack=stack, query_only=query, json=json)
