"""The command `stream-ingest push`. Edge."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from stream_ingest.batches.registry import check_batch_id, new_batch_id
from stream_ingest.cli import options, run_push
from stream_ingest.cli.options import batch_settings
from stream_ingest.contracts.settings import parse_flush
from stream_ingest.push.checkpoint import latest_unfinished
from stream_ingest.records.codec import BatchHeader
from stream_ingest.sources.source_options import SourceOptions

EXAMPLES = """Examples:

  stream-ingest push --mysql mysql://reader@db:3306/tiktok_creator --since last_push

  stream-ingest push --csv covers.csv --flush --wait

  stream-ingest push --csv covers.csv --dry-run

  stream-ingest push --resume
"""


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
        typer.Option(
            help="When to close windows that are not full: never, batch-end or idle:<duration>"
            " (idle:12h); default idle:7d."
        ),
    ] = None,
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
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Store the HTTP responses of images that fail to download."),
    ] = False,
    rows: options.Rows = 5,
    cols: options.Cols = 7,
    cell_px: options.CellPx = 200,
    quality: options.Quality = 95,
    background: options.Background = "#ffffff",
    images_per_window: options.ImagesPerCollage = None,
) -> None:
    """Push rows into the stream as one batch."""
    if resume:
        result = run_push.resume(batch_id or latest_unfinished(), mysql, mysql_secret, wait=wait)
        run_push.print_result(result, json=json, title="sent")
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
        result = run_push.dry_run(chosen, header, stack)
        run_push.print_result(result, json=json, title="dry run, nothing was sent")
        return
    result = run_push.push(chosen, header, stack, wait=wait)
    run_push.print_result(result, json=json, title="sent")
