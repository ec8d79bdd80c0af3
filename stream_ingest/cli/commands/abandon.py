"""Options and help of ``stream-ingest abandon``. Edge (command line)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.groups import Work

ABANDON_EXAMPLES = """Examples:

  stream-ingest abandon 20261121-030512-9f3a

  stream-ingest abandon 20261121-030512-9f3a --wait
"""


def abandon(
    batch_id: Annotated[str, typer.Argument(metavar="BATCH", help="The batch to end.")],
    *,
    stack: options.Stack = "dev",
    wait: options.Wait = False,
    json: options.Json = False,
) -> Work:
    """End a batch whose push will not come back; the rows that it has sent stay.

    They are counted, and their windows close as at a normal end. The push is refused if it does
    come back. Prefer `stream-ingest push --resume` if the push can be continued.
    """
    from stream_ingest.cli.abandon import run_abandon

    return partial(run_abandon, batch_id, stack, wait=wait, json=json)
