"""The command `stream-ingest push`. Edge."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from stream_ingest.aws.stack import stack_outputs
from stream_ingest.batches.batch_id import check_batch_id, new_batch_id
from stream_ingest.cli import options, run_push
from stream_ingest.cli.batch_arguments import option_name, takes_batch_options
from stream_ingest.contracts.batch_options import (
    NO_OPTIONS,
    BatchOptions,
    lay_over,
    settings_of,
)
from stream_ingest.contracts.settings import BatchSettings
from stream_ingest.push.checkpoint import latest_unfinished
from stream_ingest.records.codec import BatchHeader
from stream_ingest.sources.source_options import SourceOptions

EXAMPLES = """Examples:

  stream-ingest push --mysql mysql://reader@db:3306/tiktok_creator --since last_push

  stream-ingest push --csv covers.csv --flush --wait

  stream-ingest push --csv covers.csv --dry-run

  stream-ingest push --resume
"""


@takes_batch_options
def push(  # noqa: PLR0913 - one parameter for each option
    *,
    mysql: options.Mysql = None,
    mysql_secret: options.MysqlSecret = None,
    mysql_ca: options.MysqlCa = None,
    table: options.Table = "videos_links",
    csv: options.Csv = None,
    columns: options.ColumnNames = None,
    dates: options.Dates = None,
    timezone: options.Timezone = None,
    rows_per_second: options.RowsPerSecond = None,
    since: options.Since = None,
    until: options.Until = None,
    creator: options.Creator = None,
    overlap: Annotated[
        str | None,
        typer.Option(
            help="With last_push: read rows again that were created up to so long before the mark,"
            " to find late ones; default 1d, 0 for none.",
            rich_help_panel="Rows",
        ),
    ] = None,
    move_mark: Annotated[
        bool,
        typer.Option(
            "--move-mark",
            help="Let last_push continue after this push even if rows before --since are unread.",
            rich_help_panel="Rows",
        ),
    ] = False,
    batch_id: options.BatchId = None,
    stack: options.Stack = "dev",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and check the rows, but send nothing.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Continue a push that was stopped or killed: the one of --batch-id, or the latest."
            " It keeps the options it was started with.",
        ),
    ] = False,
    wait: options.Wait = False,
    json: options.Json = False,
    batch: BatchOptions,
) -> None:
    """Push rows into the stream as one batch."""
    if resume:
        result = run_push.resume(
            batch_id or latest_unfinished(), mysql, mysql_secret, mysql_ca, wait=wait
        )
        run_push.print_result(result, json=json, title="sent")
        return
    chosen = SourceOptions(
        mysql=mysql,
        mysql_secret=mysql_secret,
        mysql_ca=mysql_ca,
        timezone=timezone,
        rows_per_s=rows_per_second,
        table=table,
        csv=csv,
        columns=columns,
        dates=dates,
        since=since,
        until=until,
        creators=creator or (),
        overlap=overlap,
        move_mark=move_mark,
    )
    chosen.check(datetime.now(UTC))
    header = BatchHeader(
        batch_id=check_batch_id(batch_id or new_batch_id()),
        trigger=chosen.trigger,
        settings=_settings(batch, stack, dry_run=dry_run),
    )
    if dry_run:
        result = run_push.dry_run(chosen, header, stack)
        run_push.print_result(result, json=json, title="dry run, nothing was sent")
        return
    result = run_push.push(chosen, header, stack, wait=wait)
    run_push.print_result(result, json=json, title="sent")


def _settings(batch: BatchOptions, stack: str, *, dry_run: bool) -> BatchSettings:
    """Return the batch's settings; a dry run has the built-in defaults, as it needs no stack."""
    settings = settings_of(lay_over(batch, NO_OPTIONS), option_name)
    if dry_run:
        return settings
    defaults = stack_outputs(stack).batch_defaults
    return settings_of(lay_over(batch, defaults), option_name)
