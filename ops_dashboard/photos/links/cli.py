"""Options and help of ``ops-dashboard photos link``. Edge (command line)."""

from __future__ import annotations

from typing import Annotated

import typer

from ops_dashboard.photos.links.request import MAX_FILES, LinkRequest
from rendition_lambda.recipe import RENDITIONS
from stream_ingest.cli import options
from stream_ingest.cli.groups import Place, Work, lazy
from stream_ingest.cli.interrupts import raising_interrupts

LINK_EXAMPLES = """Examples:

  ops-dashboard photos link --gallery wedding --expires 7d --files 100 --bytes 5GB

  ops-dashboard photos link --recipe augmentation

  ops-dashboard photos link list

  ops-dashboard photos link revoke 3f0c9a71d2b81e55
"""
LIST_EXAMPLES = """Examples:

  ops-dashboard photos link list --json
"""
REVOKE_EXAMPLES = """Examples:

  ops-dashboard photos link revoke 3f0c9a71d2b81e55
"""

link_app = typer.Typer(
    name="link",
    help="Upload links: people without AWS upload photos in their browser.",
    invoke_without_command=True,
    epilog=LINK_EXAMPLES,
    add_completion=False,  # the root has it
    cls=lazy(
        {
            "list": Place(
                f"{__name__}:list_",
                "List upload links: their gallery, state, end and what was signed by them.",
            ),
            "revoke": Place(f"{__name__}:revoke", "End upload links before they expire."),
        }
    ),
)


@link_app.callback()
def issue(  # noqa: PLR0913 - one parameter for each option
    context: typer.Context,
    *,
    gallery: Annotated[
        str | None, typer.Option(help="Gallery that the photos are uploaded into.")
    ] = None,
    recipe: Annotated[
        str, typer.Option(help="renditions, or augmentation for images without a gallery.")
    ] = RENDITIONS.name,
    expires: Annotated[
        str, typer.Option(metavar="DURATION", help="How long the link works, such as 12h or 7d.")
    ] = "7d",
    files: Annotated[
        int, typer.Option(min=1, max=MAX_FILES, help="Maximum number of files.")
    ] = 100,
    size: Annotated[
        str, typer.Option("--bytes", metavar="SIZE", help="Maximum size of all files together.")
    ] = "5GB",
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> None:
    """Issue an upload link. Whoever has it may upload within its terms, without an account."""
    if context.invoked_subcommand is not None:
        return
    request = LinkRequest(gallery=gallery, recipe=recipe, expires=expires, files=files, size=size)
    from ops_dashboard.photos.links.command import LinkCommands

    with raising_interrupts():
        LinkCommands(stack).issue(request, json=json)


def list_(*, stack: options.Stack = "dev", json: options.Json = False) -> Work:
    """List upload links: their gallery, state, end and what was signed by them."""
    from ops_dashboard.photos.links.command import LinkCommands

    return lambda: LinkCommands(stack).list(json=json)


def revoke(
    link: Annotated[
        list[str],
        typer.Argument(metavar="ID", help="Ids, as `photos link list` shows them."),
    ],
    *,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """End upload links before they expire."""
    from ops_dashboard.photos.links.command import LinkCommands

    return lambda: LinkCommands(stack).revoke(link, json=json)
