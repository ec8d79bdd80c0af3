"""The command line `stream-ingest`: each command is registered here. Edge.

The options and help of a command are in `commands/`, which is imported when it is called.
"""

from __future__ import annotations

import typer

from stream_ingest.cli.argv import hide_password
from stream_ingest.cli.groups import Place, lazy
from stream_ingest.cli.terminal import run
from stream_ingest.cli.version import Version

_COMMANDS = "stream_ingest.cli.commands"
_EXAMPLES = """Examples:

  stream-ingest push --csv covers.csv --wait

  stream-ingest push --help
"""

app = typer.Typer(
    help="Stream cover rows from MySQL or CSV into Coverstream.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog=_EXAMPLES,
    cls=lazy(
        {
            "push": Place(f"{_COMMANDS}.push:push", "Push rows into the stream as one batch."),
            "abandon": Place(
                f"{_COMMANDS}.abandon:abandon",
                "End a batch whose push will not come back; the rows that it has sent stay.",
            ),
            "follow": Place(
                f"{_COMMANDS}.follow:follow",
                "Push what is new in a MySQL table, again and again, until stopped.",
            ),
            "export": Place(
                f"{_COMMANDS}.export:export",
                "Write rows of MySQL as a CSV file (creator_name,cover_url,created_at) and print"
                " its path.",
            ),
            "submit": Place(
                f"{_COMMANDS}.submit:submit",
                "Request a controlled batch: the intake reads the file with these settings.",
            ),
        }
    ),
)


@app.callback()
def _root(*, version: Version = False) -> None:
    """Stream cover rows from MySQL or CSV into Coverstream."""


def main() -> None:
    """Run `stream-ingest`."""
    hide_password()
    run(app, "stream-ingest")
