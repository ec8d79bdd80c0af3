"""The command line `ops-dashboard`: status, the embedded AWS and the demo. Edge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops_dashboard.local.commands import local_app
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


@app.command()
def demo(
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything running when the demo has ended.")
    ] = False,
    output: Annotated[Path, typer.Option(help="Folder for collages and summary.")] = Path(
        "demo-output"
    ),
) -> None:
    """Run the main job on sample covers with no AWS account, and check what comes out."""
    from ops_dashboard.local.demo_command import run_demo  # noqa: PLC0415 - Pulumi takes a second

    run_demo(output, keep=keep)


def main() -> None:
    """Run `ops-dashboard`."""
    run(app, "ops-dashboard")
