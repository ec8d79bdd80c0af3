"""Options and help of ``stream-ingest follow``. Edge (command line)."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.batch_arguments import takes_batch_options
from stream_ingest.cli.groups import Work
from stream_ingest.contracts.batch_options import BatchOptions
from stream_ingest.sources.timerange import LAST_PUSH

FOLLOW_EXAMPLES = """Examples:

  stream-ingest follow --mysql mysql://reader@db:3306/tiktok_creator --health /run/follow.json

  stream-ingest follow --every 5m --batch read --since 2026-11-01

  stream-ingest follow --check /run/follow.json
"""


class BatchEvery(StrEnum):
    """When a batch ends."""

    DAY = "day"
    READ = "read"


@takes_batch_options
def follow(  # noqa: PLR0913 - one parameter for each option
    *,
    mysql: options.Mysql = None,
    mysql_secret: options.MysqlSecret = None,
    mysql_ca: options.MysqlCa = None,
    table: options.Table = "videos_links",
    columns: options.ColumnNames = None,
    dates: options.Dates = None,
    timezone: options.Timezone = None,
    rows_per_second: options.RowsPerSecond = None,
    every: Annotated[
        str, typer.Option(help="Time from one read to the next: 30s, 5m, 1h.")
    ] = "60s",
    batch_every: Annotated[
        BatchEvery,
        typer.Option("--batch", help="One batch a UTC day, or one for each read with new rows."),
    ] = BatchEvery.DAY,
    since: Annotated[
        str | None,
        typer.Option(
            help="If the table has no mark yet: only rows created at or after this time.",
            rich_help_panel="Rows",
        ),
    ] = None,
    overlap: Annotated[
        str,
        typer.Option(
            help="Read rows again that were created up to so long before the mark, to find late"
            " ones.",
            rich_help_panel="Rows",
        ),
    ] = "1d",
    stack: options.Stack = "dev",
    health: Annotated[
        Path | None, typer.Option(help="Write the state to this file after each read, as JSON.")
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(help="Only check this health file: exit with 1 if reading has stopped."),
    ] = None,
    batch: BatchOptions,
) -> Work:
    """Push what is new in a MySQL table, again and again, until stopped."""
    from stream_ingest.cli.follow import Pace, print_health, start_following
    from stream_ingest.sources.source_options import SourceOptions

    if check:
        return partial(print_health, check)
    chosen = SourceOptions(
        mysql=mysql,
        mysql_secret=mysql_secret,
        mysql_ca=mysql_ca,
        timezone=timezone,
        rows_per_s=rows_per_second,
        table=table,
        csv=None,
        columns=columns,
        dates=dates,
        since=LAST_PUSH,
        until=None,
        creators=(),
        overlap=overlap,
    )
    per_read = batch_every is BatchEvery.READ
    pace = Pace(every=every, per_read=per_read, since=since, health=health)
    return partial(start_following, chosen, pace, batch, stack)
