"""Runs a push, from its options to its last line. Edge (the composition root of a push)."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.batches.progress import BatchProgress
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.cli.options import SourceOptions
from stream_ingest.cli.terminal import say, show_progress
from stream_ingest.cli.wait import follow
from stream_ingest.contracts.errors import CoverstreamError, UserError
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.push.checkpoint import Checkpoint, PushPlan
from stream_ingest.push.chunks import Chunk
from stream_ingest.push.push import Push, PushReport, rehearse
from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.push.watermark import PushWatermark
from stream_ingest.records.codec import BatchHeader
from stream_ingest.sources.mysql_connection import database_now
from stream_ingest.sources.source import Source
from stream_ingest.sources.timerange import LAST_PUSH, TimeRange

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_INTERRUPTED = 130


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The report of a push, and the final progress of its batch if `--wait` was given."""

    report: PushReport
    progress: BatchProgress | None = None


def dry_run(chosen: SourceOptions, header: BatchHeader, stack: str) -> Result:
    """Read, check and pack all rows, but send nothing; AWS is needed for ``last_push`` only."""
    last = None
    if chosen.since == LAST_PUSH:
        last = _watermark(chosen, stack_outputs(stack)).load()
    source = chosen.source(chosen.within(datetime.now(UTC), last))
    with show_progress("reading") as show:
        report = asyncio.run(
            rehearse(source, header, lambda report: show(describe(report), 0, None))
        )
    return Result(report=report)


def push(chosen: SourceOptions, header: BatchHeader, stack: str, *, wait: bool) -> Result:
    """Push as a new batch."""
    outputs = stack_outputs(stack)
    watermark, until = None, datetime.now(UTC)
    if chosen.csv is None:
        watermark = _watermark(chosen, outputs)
        until = asyncio.run(database_now(chosen.address()))
    within = chosen.within(until, watermark.load() if watermark else None)
    asyncio.run(chosen.source(within).check())
    plan = _plan(chosen, header, stack, within, min(within.until or until, until))
    with Checkpoint.start(plan) as checkpoint:
        try:
            _registry(outputs).register(header)
        except UserError:  # another batch has this id
            checkpoint.finish()
            raise
        return _finish(chosen, within, outputs, checkpoint, None, wait=wait)


def resume(batch_id: str, mysql: str | None, mysql_secret: str | None, *, wait: bool) -> Result:
    """Continue a push that was killed or stopped; its database's URL or secret is given again."""
    checkpoint, chunk = Checkpoint.resume(batch_id)
    with checkpoint:
        plan = checkpoint.plan
        chosen = _chosen(plan, mysql, mysql_secret)
        outputs = stack_outputs(plan.stack)
        registry = _registry(outputs)
        if registry.load(batch_id) is None:
            registry.register(plan.header)
        within = TimeRange(since=_moment(plan.since), until=_moment(plan.until))
        say(f"resuming batch {batch_id}")
        return _finish(chosen, within, outputs, checkpoint, chunk, wait=wait)


def print_result(result: Result, *, json: bool, title: str) -> None:
    """Print the result of a push: as text on stderr, or as JSON on stdout."""
    report, followed = result.report, result.progress
    if json:
        fields = msgspec.to_builtins(report) | {"progress": msgspec.to_builtins(followed)}
        sys.stdout.write(msgspec.json.encode(fields).decode() + "\n")
        return
    say(f"batch {report.batch_id}: {title}")
    say(f"  {describe(report)}")
    for reason, count in sorted(report.refused.items()):
        say(f"  refused as {reason}: {count:,}")
    if followed:
        say(
            f"  {followed.rows_accepted:,} rows accepted, {followed.collages:,} collages,"
            f" {followed.images_ok:,} images in them, {followed.images_failed:,} failed"
        )


def describe(report: PushReport) -> str:
    """Return a report as a sentence."""
    refused = sum(report.refused.values())
    rate = report.rows_read / report.seconds if report.seconds else 0
    return (
        f"{report.rows_read:,} rows read, {report.rows_sent:,} sent in {report.records:,} records,"
        f" {refused:,} refused ({rate:,.0f} rows/s)"
    )


def stack_outputs(stack: str) -> StackOutputs:
    """Return a deployed stack's outputs; raises `UserError` if it is not deployed."""
    return load_stack(clients.session().client("ssm", config=clients.CONFIG), stack)


def _plan(
    chosen: SourceOptions, header: BatchHeader, stack: str, within: TimeRange, ends_at: datetime
) -> PushPlan:
    return PushPlan(
        header=header,
        stack=stack,
        place=None if chosen.csv else chosen.address().place,
        table=chosen.table,
        csv=str(chosen.csv.resolve()) if chosen.csv else None,
        csv_stamp=_stamp(chosen.csv) if chosen.csv else None,
        columns=chosen.columns,
        creators=tuple(chosen.creators),
        since=within.since.isoformat() if within.since else None,
        until=within.until.isoformat() if within.until else None,
        ends_at=ends_at.isoformat(),
    )


def _chosen(plan: PushPlan, mysql: str | None, mysql_secret: str | None) -> SourceOptions:
    """Return the options of a plan; raises `UserError` if its source has changed."""
    chosen = SourceOptions(
        mysql=mysql,
        mysql_secret=mysql_secret,
        table=plan.table,
        csv=Path(plan.csv) if plan.csv else None,
        columns=plan.columns,
        since=None,
        until=None,
        creators=plan.creators,
    )
    if chosen.csv and _stamp(chosen.csv) != plan.csv_stamp:
        msg = f"{chosen.csv} has changed since the push began; push it as a new batch"
        raise UserError(msg)
    if not chosen.csv and chosen.address().place != plan.place:
        msg = (
            f"the push to resume reads {plan.place}: give that database's URL (MYSQL_URL)"
            " or secret (MYSQL_SECRET_ID)"
        )
        raise UserError(msg)
    return chosen


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}"
        raise UserError(msg) from error
    return status.st_size, status.st_mtime_ns


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _finish(  # noqa: PLR0913 - one step of both commands
    chosen: SourceOptions,
    within: TimeRange,
    outputs: StackOutputs,
    checkpoint: Checkpoint,
    last_chunk: Chunk | None,
    *,
    wait: bool,
) -> Result:
    """Send, store the watermark, delete the checkpoint, and follow the batch if `wait`."""
    plan = checkpoint.plan
    batch_id = plan.header.batch_id
    reports: list[PushReport] = []
    try:
        report = asyncio.run(
            _send(chosen.source(within), outputs, checkpoint, last_chunk, on_start=reports.append)
        )
    except (KeyboardInterrupt, CoverstreamError, ClientError, BotoCoreError) as error:
        done = f" ({describe(reports[-1])})" if reports else ""
        say(f"batch {batch_id} has not ended{done}")
        say(f"continue with: stream-ingest push --resume --batch-id {batch_id}")
        if isinstance(error, KeyboardInterrupt):
            raise SystemExit(_INTERRUPTED) from None
        raise
    if chosen.csv is None and not plan.creators:
        _watermark(chosen, outputs).advance(datetime.fromisoformat(plan.ends_at), batch_id)
    checkpoint.finish()
    return Result(report=report, progress=_follow(batch_id, outputs) if wait else None)


class _LazyS3:
    """An S3 client that is created when the first row is refused, because it takes 5 MB."""

    @functools.cached_property
    def _client(self) -> S3Client:
        return clients.session().client("s3", config=clients.CONFIG)

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> object:  # noqa: N803 - AWS's names
        return self._client.put_object(Bucket=Bucket, Key=Key, Body=Body, ContentType=ContentType)


async def _send(
    source: Source,
    outputs: StackOutputs,
    checkpoint: Checkpoint,
    last_chunk: Chunk | None,
    *,
    on_start: Callable[[PushReport], None],
) -> PushReport:
    header = checkpoint.plan.header
    async with contextlib.AsyncExitStack() as stack:
        show = stack.enter_context(show_progress(f"batch {header.batch_id}"))
        kinesis = await stack.enter_async_context(
            clients.async_session().create_client(
                "kinesis",
                region_name=clients.region() or outputs.region,
                config=clients.async_config(),
            )
        )
        sending = Push(
            header=header,
            kinesis=kinesis,
            stream=outputs.stream_name,
            registry=_registry(outputs),
            refused=RefusedRows(_LazyS3(), outputs.output_bucket, header.batch_id),
            checkpoint=checkpoint,
            progress=lambda report: show(describe(report), 0, None),
        )
        on_start(sending.report)
        return await sending.run(source, last_chunk)


def _follow(batch_id: str, outputs: StackOutputs) -> BatchProgress:
    missing = f"batch {batch_id!r} is not in table {outputs.table_name}"
    return follow(_registry(outputs), batch_id, start_timeout_s=0, missing=missing)


def _registry(outputs: StackOutputs) -> BatchRegistry:
    dynamodb = clients.session().client("dynamodb", config=clients.CONFIG)
    return BatchRegistry(dynamodb, outputs.table_name, time.time)


def _watermark(chosen: SourceOptions, outputs: StackOutputs) -> PushWatermark:
    dynamodb = clients.session().client("dynamodb", config=clients.CONFIG)
    return PushWatermark(dynamodb, outputs.table_name, chosen.address(), chosen.table)
