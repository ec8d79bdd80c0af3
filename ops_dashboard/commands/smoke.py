"""Options and help of ``ops-dashboard smoke``. Edge (command line)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.groups import Work

SMOKE_EXAMPLES = """Examples:

  ops-dashboard smoke --stack prod

  ops-dashboard smoke --stack prod --timeout 30 --json
"""


def smoke(
    *,
    timeout: Annotated[
        float | None,
        typer.Option(
            min=1,
            max=3_600,
            metavar="SECONDS",
            help="How long each step may take. Default: 60, and 300 for the first row of a stack"
            " that was deployed less than five minutes ago.",
        ),
    ] = None,
    keep: Annotated[
        bool,
        typer.Option(
            "--keep",
            help="Leave everything for inspection; a test an hour later, or more, removes it.",
        ),
    ] = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """Test a deployed stack: push five covers, check their collages, rebuild one, and clean up.

    Exit code 0 if the stack works, 1 if a step failed, 2 if the test cannot be run from here.
    """
    from ops_dashboard.smoke.command import run_smoke

    return partial(run_smoke, stack, timeout, keep=keep, json=json)
