"""Options and help of ``ops-dashboard demo``. Edge (command line)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ops_dashboard.checkout import require_checkout
from stream_ingest.cli.groups import Work

DEMO_EXAMPLES = """Examples:

  ops-dashboard demo

  ops-dashboard demo --keep --output /tmp/demo
"""


def demo(
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything running after the demo.")
    ] = False,
    output: Annotated[
        Path, typer.Option(help="Folder for the collages, renditions and summary.")
    ] = Path("demo-output"),
) -> Work:
    """Build collages of covers and renditions of photos without an AWS account, and check them."""
    require_checkout("demo")
    from ops_dashboard.local.demo.command import run_demo

    return partial(run_demo, output, keep=keep)
