"""The command `stream-ingest export`. Edge."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.terminal import say
from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.csv_file import write_csv
from stream_ingest.sources.source_options import SourceOptions

EXAMPLES = """Example:

  stream-ingest export --csv --mysql mysql://reader@db:3306/tiktok_creator --since last_7_days
"""


def export(  # noqa: PLR0913 - one parameter for each option
    *,
    csv: Annotated[bool, typer.Option("--csv", help="Write CSV (the only format).")] = False,
    output: Annotated[Path, typer.Option(help="Folder to write into.")] = Path(),
    mysql: options.Mysql = None,
    mysql_secret: options.MysqlSecret = None,
    table: options.Table = "videos_links",
    columns: options.ColumnNames = None,
    since: options.Since = None,
    until: options.Until = None,
    creator: options.Creator = None,
) -> None:
    """Write rows of MySQL as a CSV file with a timestamp in its name, and print its path."""
    if not csv:
        msg = "choose a format: --csv"
        raise UserError(msg)
    chosen = SourceOptions(
        mysql=mysql,
        mysql_secret=mysql_secret,
        table=table,
        csv=None,
        columns=columns,
        since=since,
        until=until,
        creators=creator or (),
    )
    now = datetime.now(UTC)
    chosen.check(now)
    path = output / f"{table}_{now:%Y%m%dT%H%M%SZ}.csv"
    count = asyncio.run(write_csv(chosen.source(chosen.within(now, None)), path))
    say(f"{count:,} rows")
    sys.stdout.write(f"{path}\n")
