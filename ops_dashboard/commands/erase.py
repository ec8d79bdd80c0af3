"""Options and help of ``ops-dashboard erase``. Edge (command line)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.groups import Work
from stream_ingest.contracts.errors import UserError

ERASE_EXAMPLES = """Examples:

  ops-dashboard erase --creator charli

  ops-dashboard erase --creator charli --block --yes

  ops-dashboard erase --creator charli --unblock
"""


def erase(  # noqa: PLR0913 - one parameter for each option
    *,
    creator: Annotated[str, typer.Option(help="Creator to erase, in any spelling.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Erase. Without it, only what would be erased is shown.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be erased (the default).")
    ] = False,
    block: Annotated[
        bool, typer.Option("--block", help="Also refuse every later row of the creator.")
    ] = False,
    unblock: Annotated[
        bool, typer.Option("--unblock", help="Only accept later rows of the creator again.")
    ] = False,
    input_files: Annotated[
        bool,
        typer.Option(
            "--input-files", help="Also remove the creator's rows from files in the input bucket."
        ),
    ] = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """Erase everything that is stored about a creator, for good: a data-protection request."""
    if (yes and dry_run) or (unblock and (yes or block or dry_run or input_files)):
        msg = "--yes and --dry-run exclude each other, and --unblock all others"
        raise UserError(msg)
    from ops_dashboard.erase.command import EraseOptions, run_erase

    wanted = EraseOptions(yes=yes, block=block, unblock=unblock, input_files=input_files)
    return partial(run_erase, stack, creator, wanted, json=json)
