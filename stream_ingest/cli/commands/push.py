"""Options and help of ``stream-ingest push``. Edge (command line)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.batch_arguments import takes_batch_options
from stream_ingest.cli.groups import Work
from stream_ingest.contracts.batch_options import BatchOptions

PUSH_EXAMPLES = """Examples:

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
) -> Work:
    """Push rows into the stream as one batch."""
    from stream_ingest.cli.push import PushMode, continue_push, start_push
    from stream_ingest.sources.source_options import SourceOptions

    if resume:
        return partial(continue_push, batch_id, mysql, mysql_secret, mysql_ca, wait=wait, json=json)
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
    mode = PushMode(dry_run=dry_run, wait=wait, json=json)
    return partial(start_push, chosen, batch, batch_id, stack, mode)
