"""The command line `stream-ingest`: one module a command, registered here. Edge."""

from __future__ import annotations

import typer

from stream_ingest.cli import abandon, export, follow, push, submit
from stream_ingest.cli.argv import hide_password
from stream_ingest.cli.terminal import run
from stream_ingest.cli.version import Version

app = typer.Typer(
    help="Stream cover rows from MySQL or CSV into Coverstream.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command(epilog=push.EXAMPLES)(push.push)
app.command(epilog=abandon.EXAMPLES)(abandon.abandon)
app.command(epilog=follow.EXAMPLES)(follow.follow)
app.command(epilog=export.EXAMPLES)(export.export)
app.command(epilog=submit.EXAMPLES)(submit.submit)


@app.callback()
def _root(*, version: Version = False) -> None:
    """Stream cover rows from MySQL or CSV into Coverstream."""


def main() -> None:
    """Run `stream-ingest`."""
    hide_password()
    run(app, "stream-ingest")
