"""The option `--version`, shared by both command lines. Edge (the installed package's metadata)."""

from __future__ import annotations

from typing import Annotated

import typer

DISTRIBUTION = "coverstream"


def print_version(context: typer.Context, *, requested: bool) -> None:
    """Print the command's name and the version of the installed package, and exit."""
    if requested:
        from importlib.metadata import version  # noqa: PLC0415 - takes a tenth of a short command

        typer.echo(f"{context.info_name} {version(DISTRIBUTION)}")
        raise typer.Exit


def _callback(context: typer.Context, value: bool) -> None:  # noqa: FBT001 - as typer calls it
    print_version(context, requested=value)


Version = Annotated[
    bool,
    typer.Option(
        "--version", callback=_callback, is_eager=True, help="Print the version and exit."
    ),
]
"""Declare it on an app's callback: ``def root(*, version: Version = False) -> None``."""
