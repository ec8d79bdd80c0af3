"""The command `stream-ingest export`. Edge."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.csv_export import Exported, export_rows, refused_path
from stream_ingest.cli.terminal import say, show_progress
from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.mysql.table import MySqlSource
from stream_ingest.sources.source_options import SourceOptions
from stream_ingest.sources.timerange import LAST_PUSH

STDOUT = "-"
EXAMPLES = """Examples:

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
) -> None:
    """Write rows of MySQL as a CSV file (creator_name,cover_url,created_at) and print its path.

    Each row has the URL that a push would choose. Rows that a push would refuse go into a file
    beside it (…_refused.csv), with the reason.
    """
    if since == LAST_PUSH:
        msg = "--since last_push is for pushes, whose marks are in a stack; give a time"
        raise UserError(msg)
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
    now = datetime.now(UTC)
    chosen.check(now)
    path = None if out == STDOUT else target(out, now)
    source = chosen.source(chosen.within(now, None))
    for note in asyncio.run(source.notes()) if isinstance(source, MySqlSource) else ():
        say(note)
    try:
        with show_progress("export") as show:
            exported = asyncio.run(
                export_rows(
                    source,
                    path,
                    raw=raw,
                    now_s=int(now.timestamp()),
                    progress=lambda done: show(f"{done.rows_read:,} rows read", 0, None),
                )
            )
    except BrokenPipeError:  # such as `| head`: the reader wants no more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    _report(exported, path)


def target(out: str, now: datetime) -> Path:
    """Return the file to write: `out`, or a file with a time in its name in the folder `out`."""
    path = Path(out)
    if path.is_dir() or out.endswith(os.sep):
        return path / f"cover_urls_{now:%Y%m%d_%H%M%S}.csv"
    return path


def _report(exported: Exported, path: Path | None) -> None:
    say(f"{exported.rows:,} rows written")
    if exported.formulas:
        say(
            f"  {exported.formulas:,} of them with text that a spreadsheet would run as a formula:"
            " import the file as text there, do not open it"
        )
    for reason, count in sorted(exported.refused.items()):
        say(f"  refused as {reason}: {count:,}")
    if path is None:
        return
    if exported.refused:
        say(f"  refused rows: {refused_path(path)}")
    sys.stdout.write(f"{path}\n")
