"""Runs a push from its options to its mark. Edge (the composition root of a push).

The command line, the console and `follow` use it; what they show is their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from stream_ingest.aws import clients
from stream_ingest.aws.stack import stack_outputs
from stream_ingest.batches.batch_item import BatchAbandonedError, BatchTakenError
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.errors import CoverstreamError, RejectedError
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.push.checkpoint import Checkpoint
from stream_ingest.push.chunks import Chunk
from stream_ingest.push.counting import PushReport
from stream_ingest.push.planning import chosen_of, make_plan, reading_of, source_of, watermark_of
from stream_ingest.push.push import (
    Progress,
    Push,
    ReadEnded,
    ignore_read,
    rehearse,
)
from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.push.resuming import check_in_time
from stream_ingest.push.whoami import current_owner
from stream_ingest.records.codec import BatchHeader
from stream_ingest.sources.csv_file import CsvSource
from stream_ingest.sources.source import Source
from stream_ingest.sources.source_options import SourceOptions
from stream_ingest.sources.timerange import LAST_PUSH

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def _ignore(_: object) -> None:
    """Show nothing."""


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What is called while a push runs; by default nothing is shown."""

    progress: Progress = _ignore
    message: Callable[[str], None] = _ignore
    """Called with a line about what the push does differently from what one may expect."""
    stopped: Callable[[PushReport, str], None] = lambda _report, _stack: None
    """Called with the counts so far, and the stack, if the push stops and can be resumed."""


QUIET = Watch()


def dry_run(
    chosen: SourceOptions, header: BatchHeader, stack: str, watch: Watch = QUIET
) -> PushReport:
    """Read, check and pack all rows, but send nothing; AWS is needed for ``last_push`` only."""
    if chosen.csv:
        source = chosen.source(chosen.within(datetime.now(UTC), None))
        report = asyncio.run(rehearse(source, header, watch.progress))
        _say_remarks(source, watch)
        return report
    outputs = stack_outputs(stack) if chosen.since == LAST_PUSH else None
    reading = reading_of(chosen, header, outputs)
    table = chosen.mysql_source(reading.selection)
    for note in asyncio.run(table.notes()):
        watch.message(note)
    return asyncio.run(rehearse(table, header, watch.progress))


def _say_remarks(source: Source, watch: Watch) -> None:
    """Report how a file was read, which is known after its end."""
    for remark in source.remarks if isinstance(source, CsvSource) else ():
        watch.message(remark)


def push(
    chosen: SourceOptions, header: BatchHeader, stack: str, watch: Watch = QUIET
) -> PushReport:
    """Push as a new batch.

    Raises `UserError` if the source cannot be read or the batch exists. If sending fails, the
    checkpoint stays, and `resume` continues.
    """
    outputs = stack_outputs(stack)
    plan = make_plan(chosen, header, outputs, watch.message)
    with Checkpoint.start(plan) as checkpoint:
        register_batch(checkpoint, None, outputs)
        return _finish(chosen, outputs, checkpoint, None, watch=watch)


def resume(
    batch_id: str,
    mysql: str | None,
    mysql_secret: str | None,
    watch: Watch = QUIET,
    mysql_ca: Path | None = None,
) -> tuple[PushReport, str]:
    """Continue a push that was killed or stopped; its database's URL or secret is given again.

    Returns the final counts and the name of the stack that the push was started for. Raises
    `UserError`, and sends nothing, if the batch was abandoned or belongs to another push, or if its
    file has changed in what was sent.
    """
    checkpoint, chunk = Checkpoint.resume(batch_id)
    with checkpoint:
        plan = checkpoint.plan
        outputs = stack_outputs(plan.stack)
        register_batch(checkpoint, chunk, outputs)
        check_in_time(plan, chunk, checkpoint.written_at, registry_of(outputs))
        chosen = chosen_of(checkpoint, chunk, mysql, mysql_secret, mysql_ca)
        watch.message(f"resuming batch {batch_id}")
        return _finish(chosen, outputs, checkpoint, chunk, watch=watch), plan.stack


def registry_of(outputs: StackOutputs) -> BatchRegistry:
    """Return the batches of a deployed stack."""
    dynamodb = clients.session().client("dynamodb", config=clients.CONFIG)
    return BatchRegistry(dynamodb, outputs.table_name, time.time)


def register_batch(checkpoint: Checkpoint, last_chunk: Chunk | None, outputs: StackOutputs) -> None:
    """Register a push's batch, or find that this push has; delete a checkpoint without a use.

    That is the checkpoint of an abandoned batch, and of a push that has sent nothing under an id
    that is another's; a follower begins another batch then, whatever it has sent.
    """
    plan = checkpoint.plan
    try:
        registry_of(outputs).register(
            plan.header, plan.source, owner=plan.owner, started_by=current_owner()
        )
    except BatchAbandonedError:
        checkpoint.finish()
        raise
    except BatchTakenError:
        if last_chunk is None or plan.follow_day is not None:
            checkpoint.finish()
        raise


def _finish(
    chosen: SourceOptions,
    outputs: StackOutputs,
    checkpoint: Checkpoint,
    last_chunk: Chunk | None,
    *,
    watch: Watch,
) -> PushReport:
    """Send, store the mark, and delete the checkpoint."""
    plan = checkpoint.plan
    batch_id = plan.header.batch_id
    report = PushReport(batch_id=batch_id)

    def progress(current: PushReport) -> None:
        nonlocal report
        report = current
        watch.progress(current)

    source = source_of(chosen, plan)
    try:
        report = asyncio.run(send(source, outputs, checkpoint, last_chunk, progress))
    except BatchAbandonedError:
        raise
    except (KeyboardInterrupt, CoverstreamError, ClientError, BotoCoreError):
        watch.stopped(report, plan.stack)
        raise
    _say_remarks(source, watch)
    moves = not plan.creators if plan.moves is None else plan.moves
    if chosen.csv is None and moves:
        ends_at = datetime.fromisoformat(plan.ends_at)
        watermark_of(chosen, outputs).advance(ends_at, batch_id, plan.keys, plan.timezone)
    checkpoint.finish()
    if report.rejected is not None:
        rows = f"; see failed/rows/{batch_id}/ in {outputs.output_bucket}" if report.refused else ""
        msg = f"batch {batch_id} was rejected: {report.rejected}{rows}"
        raise RejectedError(msg)
    return report


class _LazyS3:
    """An S3 client that is created when the first row is refused, because it takes 5 MB."""

    @functools.cached_property
    def _client(self) -> S3Client:
        return clients.session().client("s3", config=clients.CONFIG)

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> object:  # noqa: N803 - AWS's names
        return self._client.put_object(Bucket=Bucket, Key=Key, Body=Body, ContentType=ContentType)


async def send(  # noqa: PLR0913, PLR0917 - what one run of a batch needs
    source: Source,
    outputs: StackOutputs,
    checkpoint: Checkpoint,
    last_chunk: Chunk | None,
    progress: Progress,
    read_ended: ReadEnded = ignore_read,
) -> PushReport:
    """Send a batch from its beginning or its last chunk on; see `Push.run`.

    The checkpoint is deleted if the batch was abandoned.
    """
    header = checkpoint.plan.header
    async with contextlib.AsyncExitStack() as stack:
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
            registry=registry_of(outputs),
            refused=RefusedRows(_LazyS3(), outputs.output_bucket, header.batch_id),
            checkpoint=checkpoint,
            progress=progress,
            read_ended=read_ended,
            creator_case=checkpoint.plan.creator_case,
        )
        try:
            return await sending.run(source, last_chunk)
        except BatchAbandonedError:
            checkpoint.finish()
            raise
