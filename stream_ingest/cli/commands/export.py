"""Options and help of ``stream-ingest export``. Edge (command line)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.groups import Work
from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.timerange import LAST_PUSH

EXPORT_EXAMPLES = """Examples:

  stream-ingest export --mysql mysql://reader@db:3306/tiktok_creator --since last_7_days

  stream-ingest export --creator charli --out charli.csv

  stream-ingest export --raw --out exports/
"""


def export(  # noqa: PLR0913 - one parameter for each option
    *,
    out: Annotated[
        str,
        typer.Option(
            "--out",
            "--output",
            metavar="FILE|FOLDER|-",
            help="File or folder to write to, - for stdout. Default name:"
            " cover_urls_YYYYMMDD_HHMMSS.csv.",
        ),
    ] = ".",
    raw: Annotated[
        bool,
        typer.Option("--raw", help="Write the cover column as it is, and refuse no row."),
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", hidden=True)] = False,  # noqa: ARG001 - the only format; older scripts name it
    mysql: options.Mysql = None,
    mysql_secret: options.MysqlSecret = None,
    mysql_ca: options.MysqlCa = None,
    table: options.Table = "videos_links",
    columns: options.ColumnNames = None,
    dates: options.Dates = None,
    timezone: options.Timezone = None,
    rows_per_second: options.RowsPerSecond = None,
    since: options.Since = None,
    until: options.Until = None,
    creator: options.Creator = None,
) -> Work:
    """Write rows of MySQL as a CSV file (creator_name,cover_url,created_at) and print its path.

    Each row has the URL that a push would choose. Rows that a push would refuse go into a file
    beside it (…_refused.csv), with the reason.
    """
    if since == LAST_PUSH:
        msg = "--since last_push is for pushes, whose marks are in a stack; give a time"
        raise UserError(msg)
    from stream_ingest.cli.export import run_export
    from stream_ingest.sources.source_options import SourceOptions

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
        since=since,
        until=until,
        creators=creator or (),
    )
    return partial(run_export, chosen, out, raw=raw)
