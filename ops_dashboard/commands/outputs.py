"""Options and help of ``ops-dashboard download`` and ``link``. Edge (command line)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.groups import Work

DOWNLOAD_EXAMPLES = """Examples:

  ops-dashboard download --batch 20261121-030512-9f3a

  ops-dashboard download --batch 20261121-030512-9f3a --to ~/collages
"""
LINK_EXAMPLES = """Examples:

  ops-dashboard link charli:000012

  ops-dashboard link charli:000012 charli:000013 --expires 3d

  ops-dashboard link charli:000012 --console https://console.example.org
"""


def download(
    *,
    batch: Annotated[str, typer.Option(help="Download the collages of this batch.")],
    to: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Folder for the files; default: the batch's name."),
    ] = None,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """Download the collages of a batch; repeated, it gets what is missing or was rebuilt."""
    from ops_dashboard.outputs.download import show_download

    return partial(show_download, stack, batch, to, json=json)


def link(
    window: Annotated[
        list[str], typer.Argument(metavar="WINDOW", help="Ids of windows, such as charli:000012.")
    ],
    *,
    expires: Annotated[
        str, typer.Option(metavar="DURATION", help="How long the links work, 7d at most.")
    ] = "1h",
    console: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="COVERSTREAM_CONSOLE_URL",
            show_envvar=True,
            help="Also show each window's page in this console.",
        ),
    ] = None,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """Print a link to a window's collage, which opens without an AWS account until it expires."""
    from ops_dashboard.outputs.link import life_of, show_links

    return partial(show_links, stack, window, life_of(expires), console, json=json)
