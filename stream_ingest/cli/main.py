"""The command line `stream-ingest`: push rows into the stream, export them as CSV. Edge."""

from __future__ import annotations

import asyncio
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from stream_ingest.batches.registry import check_batch_id
from stream_ingest.cli import options
from stream_ingest.cli import push as push_command
from stream_ingest.cli import submit as submit_command
from stream_ingest.cli.argv import hide_password
from stream_ingest.cli.options import SourceOptions, batch_settings
from stream_ingest.cli.terminal import run, say
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import parse_flush
from stream_ingest.push.checkpoint import latest_unfinished
from stream_ingest.records.codec import BatchHeader
from stream_ingest.sources.csv_file import write_csv

app = typer.Typer(
    help="Stream cover rows from MySQL or CSV into Coverstream.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def _root() -> None:
    """Keep `push`, `export` and `submit` as subcommands."""


@app.command()
def push(  # noqa: PLR0913 - one parameter for each option
    *,
    mysql: options.Mysql = None,
    mysql_secret: options.MysqlSecret = None,
    table: options.Table = "videos_links",
    csv: options.Csv = None,
    columns: options.ColumnNames = None,
    since: options.Since = None,
    until: options.Until = None,
    creator: options.Creator = None,
    flush: Annotated[
        bool, typer.Option("--flush", help="Close windows that are not full when the batch ends.")
    ] = False,
    flush_policy: Annotated[
        str | None,
        typer.Option(help="never, batch-end or idle:<duration>; default idle:7d."),
    ] = None,
    batch_id: Annotated[str | None, typer.Option(help="Name of the batch; else made up.")] = None,
    stack: options.Stack = "dev",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and check the rows, send nothing.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with a push that was stopped or killed: --batch-id's, else the latest;"
            " its options are those that it began with.",
        ),
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until every window of the batch has ended.")
    ] = False,
    json: options.Json = False,
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Keep what servers answered for images that failed."),
    ] = False,
    rows: Annotated[int, typer.Option(help="Rows of cells.", rich_help_panel="Collage")] = 5,
    cols: Annotated[int, typer.Option(help="Columns of cells.", rich_help_panel="Collage")] = 7,
    cell_px: Annotated[
        int, typer.Option(help="Side of a cell in pixels.", rich_help_panel="Collage")
    ] = 200,
    quality: Annotated[int, typer.Option(help="JPEG quality.", rich_help_panel="Collage")] = 95,
    background: Annotated[
        str, typer.Option(help="Colour of empty cells.", rich_help_panel="Collage")
    ] = "#ffffff",
    images_per_window: Annotated[
        int | None,
        typer.Option(help="Images per collage; default rows x cols.", rich_help_panel="Collage"),
    ] = None,
) -> None:
    """Push rows into the stream as one batch."""
    if resume:
        result = push_command.resume(
            batch_id or latest_unfinished(), mysql, mysql_secret, wait=wait
        )
        push_command.print_result(result, json=json, title="sent")
        return
    chosen = SourceOptions(
        mysql=mysql,
        mysql_secret=mysql_secret,
        table=table,
        csv=csv,
        columns=columns,
        since=since,
        until=until,
        creators=creator or (),
    )
    chosen.check(datetime.now(UTC))
    header = BatchHeader(
        batch_id=check_batch_id(batch_id or new_batch_id()),
        trigger=chosen.trigger,
        settings=batch_settings(
            flush=flush,
            flush_policy=parse_flush(flush_policy) if flush_policy else None,
            rows=rows,
            cols=cols,
            cell_px=cell_px,
            quality=quality,
            background=background,
            images_per_window=images_per_window,
            debug=debug,
        ),
    )
    if dry_run:
        result = push_command.dry_run(chosen, header, stack)
        push_command.print_result(result, json=json, title="dry run, nothing was sent")
        return
    result = push_command.push(chosen, header, stack, wait=wait)
    push_command.print_result(result, json=json, title="sent")


@app.command()
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
    """Write rows of MySQL as a CSV file with a time stamp in its name, and print its path."""
    if not csv:
        msg = "say which format: --csv"
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
    chosen.check(datetime.now(UTC))
    now = datetime.now(UTC)
    path = output / f"{table}_{now:%Y%m%dT%H%M%SZ}.csv"
    count = asyncio.run(write_csv(chosen.source(chosen.within(now, None)), path))
    say(f"{count:,} rows")
    sys.stdout.write(f"{path}\n")


@app.command()
def submit(  # noqa: PLR0913 - one parameter for each option
    file: Annotated[str, typer.Argument(help="s3://<input bucket>/<key>, or a file to upload.")],
    *,
    rows: Annotated[int, typer.Option(help="Rows of cells.")] = 5,
    cols: Annotated[int, typer.Option(help="Columns of cells.")] = 7,
    cell_px: Annotated[int, typer.Option(help="Side of a cell in pixels.")] = 200,
    quality: Annotated[int, typer.Option(help="JPEG quality.")] = 95,
    background: Annotated[str, typer.Option(help="Colour of empty cells.")] = "#ffffff",
    max_images_per_creator: Annotated[
        int | None, typer.Option(help="Images per collage; default rows x cols.")
    ] = None,
    group_by_creator: Annotated[
        bool,
        typer.Option(
            "--group-by-creator/--mix-creators",
            help="One creator's images in a collage, or the file's in their order.",
        ),
    ] = True,
    dedup: Annotated[
        bool, typer.Option(help="Refuse images that a creator is known to have.")
    ] = True,
    output_prefix: Annotated[str, typer.Option(help="Folder of its own for the outputs.")] = "",
    batch_id: Annotated[str | None, typer.Option(help="Name of the batch; else made up.")] = None,
    stack: options.Stack = "dev",
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until every window of the batch has ended.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Ask for a controlled batch: the intake reads the file with these settings."""
    config = submit_command.config_of(
        {
            "rows": rows,
            "cols": cols,
            "cell_px": cell_px,
            "quality": quality,
            "background": background.lower(),
            "max_images_per_creator": max_images_per_creator,
            "group_by_creator": group_by_creator,
            "dedup": dedup,
        }
    )
    outputs = push_command.stack_outputs(stack)
    name = check_batch_id(batch_id or new_batch_id())
    request = submit_command.submit(outputs, file, name, output_prefix, config)
    say(f"batch {name}: asked for s3://{request.s3_bucket}/{request.s3_key}")
    ended = submit_command.follow(outputs, name) if wait else None
    if json:
        told = {"request": request, "progress": ended}
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    elif ended:
        say(f"  {ended.rows_accepted:,} rows accepted, {ended.collages:,} collages")


def new_batch_id() -> str:
    """Return a batch id that sorts by time: ``20261121-030512-9f3a``."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def main() -> None:
    """Run `stream-ingest`."""
    hide_password()
    run(app, "stream-ingest")
