"""Options and help of ``ops-dashboard serve``. Edge (command line)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.groups import Work

SERVE_EXAMPLES = """Examples:

  ops-dashboard serve

  ops-dashboard serve --stack prod --host 0.0.0.0 --allow-host console.example.org
"""


def serve(
    *,
    host: Annotated[
        str, typer.Option(help="Address to listen on; any but loopback requires a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 for any free one.")] = 8717,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="COVERSTREAM_CONSOLE_TOKEN",
            show_envvar=True,
            help="Access token, 16 or more characters; generated if required and missing.",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Host name to accept, besides addresses; may be repeated."
        ),
    ] = None,
    stack: options.Stack = "dev",
) -> Work:
    """Serve the console, the web interface of a stack."""
    from ops_dashboard.console.command import ServeOptions
    from ops_dashboard.console.command import serve as serve_console

    return partial(
        serve_console,
        stack,
        ServeOptions(host=host, port=port, token=token, names=frozenset(allow_host or ())),
    )
