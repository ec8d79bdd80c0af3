"""Follows a MySQL table: a batch a day, or a read, for as long as the process runs. Edge.

An error of the database is waited out within the batch. An error of AWS ends the attempt: after a
pause the batch is continued from its checkpoint, exactly as the next process does after a crash.
The mark moves after each read whose rows were accepted.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from stream_ingest.batches.batch_id import new_owner
from stream_ingest.batches.progress import FOLLOW_TRIGGER
from stream_ingest.contracts.errors import CoverstreamError, UserError
from stream_ingest.contracts.settings import BatchSettings
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.follow.gauges import Gauges
from stream_ingest.follow.health import Health
from stream_ingest.follow.reads import SentRows, TableReads, read_of
from stream_ingest.push.abandon import abandon_in
from stream_ingest.push.checkpoint import Checkpoint, PushPlan, unfinished
from stream_ingest.push.chunks import Chunk
from stream_ingest.push.counting import PushReport
from stream_ingest.push.planning import watermark_of
from stream_ingest.push.resuming import TooLateError, check_in_time
from stream_ingest.push.runner import register_batch, registry_of, send
from stream_ingest.records.codec import BatchHeader
from stream_ingest.sources.source import Cursor, Page, Source
from stream_ingest.sources.source_options import SourceOptions

_FIRST_PAUSE_S = 5.0
_MAX_PAUSE_S = 120.0
_ALIVE_INTERVAL_S = 10.0
_LOG = logging.getLogger(__name__)
_sleep = asyncio.sleep


class FollowOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a table is followed."""

    every_s: int
    per_read: bool
    """Whether each read with rows is a batch of its own, rather than each day."""
    start: str | None
    """The first `created_at` to read if the table has no mark."""
    settings: BatchSettings
    health: Path | None


class Follower:
    """Follows one table until it is cancelled."""

    def __init__(
        self,
        chosen: SourceOptions,
        options: FollowOptions,
        outputs: StackOutputs,
        *,
        gauges: Gauges,
        new_batch_id: Callable[[date], str],
    ) -> None:
        """Follow the chosen table into a deployed stack."""
        self._chosen, self._options, self._outputs = chosen, options, outputs
        self._gauges, self._new_batch_id = gauges, new_batch_id
        self._watermark = watermark_of(chosen, outputs)
        self._place = chosen.address().place
        self._sent = SentRows()
        self._rows_before = 0
        name = f"{self._place}/{chosen.table_name}"
        self._health = Health(table=name, every_s=options.every_s, alive_at=_now())

    async def run(self) -> None:
        """Follow until this task is cancelled; no error of the database or AWS ends it."""
        while True:
            try:
                await self._follow()
            except (CoverstreamError, ClientError, BotoCoreError) as error:
                self._sent.clear()
                await self._failed(error)

    async def _follow(self) -> None:
        """Continue the batch that is open, and then send one after the other."""
        mark = await asyncio.to_thread(self._watermark.load)
        reads = TableReads(
            self._chosen,
            mark,
            start=self._options.start,
            sent=self._sent,
            wait=self._wait,
            failed=self._failed,
        )
        reads.ends_with_read = self._options.per_read
        if found := self._unfinished():
            checkpoint, chunk = found
            _LOG.info("continuing batch %s", checkpoint.plan.header.batch_id)
            reads.starts_over = checkpoint.plan.timezone != self._chosen.timezone
            await self._send(reads, reads, checkpoint, chunk)
        while True:
            reads.ends_after = None
            async with aclosing(reads.pages()) as pages:
                first = await self._first_rows(pages)
                checkpoint = await asyncio.to_thread(self._start, read_of(first.cursor).day)
                await self._send(reads, _Continued(first, pages), checkpoint, None)

    async def _first_rows(self, pages: AsyncIterator[Page]) -> Page:
        """Return the first page with rows: a batch without rows is not started."""
        async for page in pages:
            if page.rows:
                return page
            await self._end_read(page.cursor, "-")
        msg = "the reads of a table have ended"
        raise AssertionError(msg)

    def _start(self, day: date) -> Checkpoint:
        """Register a new batch and start its checkpoint."""
        chosen = self._chosen
        batch_id = self._new_batch_id(day)
        plan = PushPlan(
            header=BatchHeader(
                batch_id=batch_id, trigger=FOLLOW_TRIGGER, settings=self._options.settings
            ),
            stack=self._outputs.stack,
            place=self._place,
            table=chosen.table,
            csv=None,
            csv_stamp=None,
            columns=chosen.columns,
            creators=(),
            since=None,
            until=None,
            ends_at=_now().isoformat(),
            moves=False,
            creator_case=self._outputs.creator_case,
            follow_day=day.isoformat(),
            owner=new_owner(),
            timezone=chosen.timezone,
        )
        checkpoint = Checkpoint.start(plan)
        _LOG.info("batch %s begins", batch_id)
        return checkpoint

    async def _send(
        self,
        reads: TableReads,
        source: Source,
        checkpoint: Checkpoint,
        last_chunk: Chunk | None,
    ) -> None:
        """Send rows until the batch ends; the checkpoint stays if that fails.

        It is deleted if the batch was abandoned, or its id is another's: the next attempt begins
        another batch at the mark, which has only moved over rows that were accepted.
        """
        with checkpoint:
            plan = checkpoint.plan
            batch_id = plan.header.batch_id
            await asyncio.to_thread(register_batch, checkpoint, last_chunk, self._outputs)
            await asyncio.to_thread(self._check_in_time, checkpoint, last_chunk)
            reads.ends_after = date.fromisoformat(plan.follow_day or "")
            self._health.batch_id = batch_id
            self._rows_before = last_chunk.totals.rows_read if last_chunk else 0

            async def end_read(cursor: Cursor) -> None:
                await self._end_read(cursor, batch_id)

            report = await send(
                source, self._outputs, checkpoint, last_chunk, self._progress, end_read
            )
            checkpoint.finish()
        _LOG.info("batch %s ends: %d rows sent", batch_id, report.rows_sent)
        self._health.batch_id = None

    def _check_in_time(self, checkpoint: Checkpoint, last_chunk: Chunk | None) -> None:
        """End a batch that cannot be continued any more; raises `TooLateError` then."""
        plan, written_at = checkpoint.plan, checkpoint.written_at
        try:
            check_in_time(plan, last_chunk, written_at, registry_of(self._outputs))
        except TooLateError:
            abandon_in(self._outputs, plan.header.batch_id, "stream-ingest follow")
            checkpoint.finish()
            raise

    def _unfinished(self) -> tuple[Checkpoint, Chunk | None] | None:
        """Return the open batch of this table, if an earlier attempt or process left one."""
        for batch_id in unfinished(follow=True):
            try:
                checkpoint, chunk = Checkpoint.resume(batch_id, follow=True)
            except UserError:
                continue  # another follower of another table is sending it
            plan = checkpoint.plan
            if (plan.stack, plan.source) == (self._outputs.stack, self._source):
                return checkpoint, chunk
            checkpoint.close()
        return None

    @property
    def _source(self) -> str:
        return f"mysql://{self._place}/{self._chosen.table_name}"

    async def _end_read(self, cursor: Cursor, batch_id: str) -> None:
        """Move the mark: every row of the read was accepted."""
        read = read_of(cursor)
        await asyncio.to_thread(
            self._watermark.advance, read.ends_at, batch_id, read.keys, self._chosen.timezone
        )
        health = self._health
        health.read_at = health.alive_at = _now()
        health.mark, health.failures, health.error = read.ends_at, 0, None
        self._write_health()
        await asyncio.to_thread(self._gauges.count, reads=1)

    def _progress(self, report: PushReport) -> None:
        new = report.rows_read - self._rows_before
        self._rows_before = report.rows_read
        self._health.rows += new
        self._gauges.add_rows(new)
        now = _now()
        if (now - self._health.alive_at).total_seconds() >= _ALIVE_INTERVAL_S:
            self._health.alive_at = now
            self._write_health()

    async def _wait(self) -> None:
        """Wait for the next read, which begins at a multiple of the interval."""
        every_s = self._options.every_s
        await asyncio.sleep(every_s - time.time() % every_s)

    async def _failed(self, error: Exception) -> None:
        """Log an error and pause, longer each time."""
        health = self._health
        pause_s = min(_FIRST_PAUSE_S * 2**health.failures, _MAX_PAUSE_S)
        health.failures += 1
        health.error = str(error)
        _LOG.warning("%s; trying again in %.0f s", error, pause_s)
        self._write_health()
        await asyncio.to_thread(self._gauges.count, failures=1)
        await _sleep(pause_s)

    def _write_health(self) -> None:
        if self._options.health is None:
            return
        try:
            self._health.write(self._options.health)
        except OSError as error:
            _LOG.warning("cannot write %s: %s", self._options.health, error.strerror)


class _Continued:
    """The pages of a source, the first of which has been read."""

    def __init__(self, first: Page, rest: AsyncIterator[Page]) -> None:
        self._first, self._rest = first, rest

    async def check(self) -> None:
        """Find nothing wrong: the first page was read."""

    async def pages(self, after: Cursor | None = None) -> AsyncIterator[Page]:  # noqa: ARG002 - it has no other beginning
        """Yield the first page and the rest."""
        yield self._first
        async for page in self._rest:
            yield page


def _now() -> datetime:
    return datetime.now(UTC)
