"""Options and help of ``ops-dashboard photos manifest``. Edge (command line)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.groups import Work

MANIFEST_EXAMPLES = """Examples:

  ops-dashboard photos manifest --output manifest.jsonl

  ops-dashboard photos manifest --label cats --output cats.jsonl
"""


def manifest(
    *,
    label: Annotated[
        str | None,
        typer.Option(help="Only images of this label (folder), such as cats, and those below it."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File to write; default: stdout.")
    ] = None,
    stack: options.Stack = "dev",
) -> Work:
    """Write a line of JSON for each output of all augmented images, with its label."""
    from ops_dashboard.photos.manifest import show_manifest

    return lambda: show_manifest(stack, label=label, output=output)
