"""The command line `ops-dashboard`: status, the embedded AWS and the demo. Edge."""

from __future__ import annotations

from typing import Annotated

import typer

from ops_dashboard.local.commands import local_app
from ops_dashboard.local.demo_command import demo
from ops_dashboard.status import show_status
from stream_ingest import options
from stream_ingest.console import run

app = typer.Typer(
    help="See and steer Coverstream.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(local_app)
app.command()(demo)


@app.command()
def status(
    *,
    batch: Annotated[
        str | None, typer.Option(help="Only this batch; else a line for each.")
    ] = None,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> None:
    """Tell how far batches are: rows, refusals, windows, collages."""
    show_status(stack=stack, batch_id=batch, json=json)


def main() -> None:
    """Run `ops-dashboard`."""
    run(app, "ops-dashboard")
