"""Options and help of ``stream-ingest submit``. Edge (command line)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.batch_arguments import takes_batch_options
from stream_ingest.cli.groups import Work
from stream_ingest.contracts.batch_options import BatchOptions
from stream_ingest.contracts.errors import UserError

SUBMIT_EXAMPLES = """Examples:

  stream-ingest submit covers.csv --grid 3x4 --wait

  stream-ingest submit s3://my-input/manual-uploads/covers.csv --mix-creators --output-prefix team-a

  stream-ingest submit --request message.json
"""


@takes_batch_options
def submit(  # noqa: PLR0913 - one parameter for each option
    file: Annotated[
        str | None, typer.Argument(help="s3://<bucket>/<key>, or a file to upload.")
    ] = None,
    *,
    request: Annotated[
        Path | None,
        typer.Option(
            "--request",
            metavar="JSON",
            help="File with a request, as other programs send it; options add to it.",
        ),
    ] = None,
    columns: options.ColumnNames = None,
    dates: options.Dates = None,
    timezone: options.Timezone = None,
    batch: BatchOptions,
    batch_id: options.BatchId = None,
    stack: options.Stack = "dev",
    wait: options.Wait = False,
    json: options.Json = False,
) -> Work:
    """Request a controlled batch: the intake reads the file with these settings."""
    if file is None and request is None:
        msg = "name a file, or a message with --request"
        raise UserError(msg)
    from stream_ingest.cli.submit import SubmitMode, run_submit

    reading = {"columns": columns, "dates": dates, "timezone": timezone}
    mode = SubmitMode(wait=wait, json=json)
    return partial(run_submit, file, request, reading, batch, batch_id, stack, mode)
