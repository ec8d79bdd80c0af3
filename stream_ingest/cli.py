"""The command line `stream-ingest`: push rows into the stream, export them as CSV. Edge."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from aiobotocore.session import get_session

from stream_ingest import aws, options
from stream_ingest.batches import BatchRegistry, check_batch_id
from stream_ingest.console import progress, run, say
from stream_ingest.errors import UserError
from stream_ingest.last_push import LastPush
from stream_ingest.options import SourceOptions, batch_settings
from stream_ingest.packing import BatchHeader
from stream_ingest.progress import BatchProgress
from stream_ingest.push import Push, PushReport, rehearse
from stream_ingest.refused import RefusedRows
from stream_ingest.settings import parse_flush
from stream_ingest.sources.csv_file import write_csv
from stream_ingest.sources.mysql import database_now
from stream_ingest.sources.rows import Source
from stream_ingest.stack import StackOutputs, load_stack
from stream_ingest.timerange import LAST_PUSH

app = typer.Typer(
    help="Stream cover rows from MySQL or CSV into Coverstream.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

_POLL_S = 1.0


@app.callback()
def _root() -> None:
    """Keep `push` and `export` as subcommands."""


@app.command()
def push(  # noqa: PLR0913 - one parameter for each option
    *,
    mysql: options.Mysql = None,
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
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until every window of the batch has ended.")
    ] = False,
    json: options.Json = False,
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
    chosen = SourceOptions(
        mysql=mysql,
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
        ),
    )
    if dry_run:
        report = asyncio.run(_rehearse(chosen, header, stack))
        _print_report(report, json=json, title="dry run, nothing was sent")
        return
    outputs = load_stack(aws.session().client("ssm", config=aws.CONFIG), stack)
    report = asyncio.run(_push(chosen, header, outputs))
    followed = _follow(header.batch_id, outputs) if wait else None
    _print_report(report, json=json, title="sent", followed=followed)


@app.command()
def export(  # noqa: PLR0913 - one parameter for each option
    *,
    csv: Annotated[bool, typer.Option("--csv", help="Write CSV (the only format).")] = False,
    output: Annotated[Path, typer.Option(help="Folder to write into.")] = Path(),
    mysql: options.Mysql = None,
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


def new_batch_id() -> str:
    """Return a batch id that sorts by time: ``20261121-030512-9f3a``."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


async def _rehearse(chosen: SourceOptions, header: BatchHeader, stack: str) -> PushReport:
    last = None
    if chosen.since == LAST_PUSH:
        outputs = load_stack(aws.session().client("ssm", config=aws.CONFIG), stack)
        last = _last_push(chosen, outputs).until()
    source = chosen.source(chosen.within(datetime.now(UTC), last))
    with progress("reading") as tell:
        return await rehearse(source, header, lambda report: tell(_spoken(report), 0, None))


async def _push(chosen: SourceOptions, header: BatchHeader, outputs: StackOutputs) -> PushReport:
    last, until = None, datetime.now(UTC)
    if chosen.csv is None:
        last = _last_push(chosen, outputs)
        until = await database_now(chosen.address())
    within = chosen.within(until, last.until() if last else None)
    report = await _send(chosen.source(within), header, outputs)
    if last and not chosen.creators:
        last.ended(min(within.until or until, until), header.batch_id)
    return report


def _last_push(chosen: SourceOptions, outputs: StackOutputs) -> LastPush:
    dynamodb = aws.session().client("dynamodb", config=aws.CONFIG)
    return LastPush(dynamodb, outputs.table_name, chosen.address(), chosen.table)


async def _send(source: Source, header: BatchHeader, outputs: StackOutputs) -> PushReport:
    session = aws.session()
    dynamodb = session.client("dynamodb", config=aws.CONFIG)
    async with contextlib.AsyncExitStack() as stack:
        tell = stack.enter_context(progress(f"batch {header.batch_id}"))
        kinesis = await stack.enter_async_context(
            get_session().create_client(
                "kinesis", region_name=aws.region() or outputs.region, config=aws.async_config()
            )
        )
        sending = Push(
            header=header,
            kinesis=kinesis,
            stream=outputs.stream_name,
            registry=BatchRegistry(dynamodb, outputs.table_name, time.time),
            refused=RefusedRows(
                session.client("s3", config=aws.CONFIG), outputs.output_bucket, header.batch_id
            ),
            progress=lambda report: tell(_spoken(report), 0, None),
        )
        try:
            return await sending.run(source)
        except asyncio.CancelledError:
            say(f"stopped: {_spoken(sending.report)}")
            raise


def _follow(batch_id: str, outputs: StackOutputs) -> BatchProgress:
    """Wait until a batch has ended; return its last progress."""
    dynamodb = aws.session().client("dynamodb", config=aws.CONFIG)
    registry = BatchRegistry(dynamodb, outputs.table_name, time.time)
    with progress(f"batch {batch_id}") as tell:
        while True:
            seen = registry.progress(batch_id)
            if seen is None:
                msg = f"batch {batch_id!r} is not in table {outputs.table_name}"
                raise UserError(msg)
            done = seen.images_ok + seen.images_failed
            tell(
                f"{seen.status}: {seen.rows_accepted:,} rows accepted, {seen.collages:,} of"
                f" {seen.windows:,} windows made into collages",
                done,
                seen.rows_accepted or None,
            )
            if seen.ended:
                return seen
            time.sleep(_POLL_S)


def _spoken(report: PushReport) -> str:
    refused = sum(report.refused.values())
    rate = report.rows_read / report.seconds if report.seconds else 0
    return (
        f"{report.rows_read:,} rows read, {report.rows_sent:,} sent in {report.records:,} records,"
        f" {refused:,} refused ({rate:,.0f} rows/s)"
    )


def _print_report(
    report: PushReport, *, json: bool, title: str, followed: BatchProgress | None = None
) -> None:
    if json:
        result = msgspec.to_builtins(report) | {"progress": msgspec.to_builtins(followed)}
        sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
        return
    say(f"batch {report.batch_id}: {title}")
    say(f"  {_spoken(report)}")
    for reason, count in sorted(report.refused.items()):
        say(f"  refused as {reason}: {count:,}")
    if followed:
        say(
            f"  {followed.rows_accepted:,} rows accepted, {followed.collages:,} collages,"
            f" {followed.images_ok:,} images in them, {followed.images_failed:,} failed"
        )


def main() -> None:
    """Run `stream-ingest`."""
    run(app, "stream-ingest")
