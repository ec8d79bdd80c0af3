"""One invocation's work at one job: from where it stands as far as time allows. Edge.

The rows travel as those of `stream-ingest push` do, chunk by chunk, and each chunk is written down
before it is sent; only that the journal is the ledger in the table. Where little time is left the
invocation stops behind a chunk that was written down and not sent: the next one begins with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from stream_ingest.batches.registry import BatchRegistry, Totals
from stream_ingest.contracts.errors import TransientError, UserError
from stream_ingest.intake.archive import Archive
from stream_ingest.intake.job_store import (
    JobClaimedError,
    JobEndedError,
    JobState,
    JobStore,
    Trouble,
)
from stream_ingest.intake.jobs import Job
from stream_ingest.intake.object_source import ObjectSource
from stream_ingest.intake.objects import GoneError, ObjectBlocks
from stream_ingest.push.chunks import Chunk
from stream_ingest.push.push import CHUNK_ROWS, Push
from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.sources.text_stream import UnreadableError

if TYPE_CHECKING:
    from types_aiobotocore_kinesis import KinesisClient
    from types_boto3_s3 import S3Client

HELD_LONGER_S = 30
"""A job is free this long after its invocation's end, when its last request has arrived or not."""


class Outcome(StrEnum):
    """What an invocation left behind."""

    DONE = "done"
    UNREADABLE = "unreadable"
    """Read up to some line, or not at all; the errors are beside the file."""
    GONE = "gone"
    """The file was moved or replaced before anything of it was read."""
    UNFINISHED = "unfinished"
    """Another invocation has to go on."""
    HINDERED = "hindered"
    """As unfinished, but stream or table refuse: rather a little later."""
    NOT_NEEDED = "not needed"
    """Another message is at it, or it was done before."""


class Intake:
    """Reads jobs' files into the stream."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        s3: S3Client,
        kinesis: KinesisClient,
        stream: str,
        output_bucket: str,
        ledger: JobStore,
        registry: BatchRegistry,
        clock: Callable[[], float],
        chunk_rows: int = CHUNK_ROWS,
    ) -> None:
        """`clock` gives epoch seconds, `kinesis` is a client whose calls are awaited."""
        self._s3, self._kinesis, self._stream = s3, kinesis, stream
        self._output_bucket, self._ledger, self._registry = output_bucket, ledger, registry
        self._archive = Archive(s3)
        self._clock, self._chunk_rows = clock, chunk_rows

    def work(self, job: Job, holder: str, *, pause_at: float, ends_at: float) -> Outcome:
        """Read the job's file on until `pause_at`; this invocation is over at `ends_at` (epoch s).

        `holder` is the id of the message that asked. Raises `PermanentError` for a request that
        cannot be done and `TransientError` where nothing could be done now; the job is then free.
        """
        try:
            standing = self._ledger.claim(job, holder, int(ends_at) + HELD_LONGER_S)
        except (JobEndedError, JobClaimedError):
            return Outcome.NOT_NEEDED
        notes = _Notes(self._ledger, standing, holder, lambda: self._clock() >= pause_at)
        try:
            return asyncio.run(self._read(standing, notes))
        except _PauseError:
            self._ledger.let_go(job.batch_id, holder)
            return Outcome.UNFINISHED
        except TransientError:
            self._ledger.let_go(job.batch_id, holder)
            if notes.number == standing.chunks:
                raise
            return Outcome.HINDERED
        except UserError:
            self._ledger.let_go(job.batch_id, holder)
            raise

    async def _read(self, standing: JobState, notes: _Notes) -> Outcome:
        job = standing.job
        source = notes.source = ObjectSource(ObjectBlocks(self._s3, job.object))
        begun = self._ledger.chunk(standing)
        if begun is None:
            try:
                await source.check()
            except (UnreadableError, GoneError) as error:
                return self._refuse(notes, error)
        if self._registry.load(job.batch_id) is None:
            self._registry.register(job.header)
        push = Push(
            header=job.header,
            kinesis=self._kinesis,
            stream=self._stream,
            registry=self._registry,
            refused=RefusedRows(self._s3, self._output_bucket, job.batch_id),
            checkpoint=notes,
            progress=lambda _: None,
            chunk_rows=self._chunk_rows,
        )
        report = await push.run(source, begun)
        return self._end(notes, standing.trouble or source.trouble, report.totals())

    def _refuse(self, notes: _Notes, error: UnreadableError | GoneError) -> Outcome:
        """End a job of which nothing can be read; one that was asked for is refused instead."""
        job = notes.standing.job
        if not job.moves:
            msg = f"s3_key {job.object.key!r}: {error}"
            raise UserError(msg) from error
        if isinstance(error, GoneError):
            self._ledger.end(job.batch_id, notes.holder, Outcome.GONE)
            return Outcome.GONE
        return self._end(notes, Trouble(line=error.line, reason=error.reason), Totals())

    def _end(self, notes: _Notes, trouble: Trouble | None, totals: Totals) -> Outcome:
        standing = notes.standing
        outcome = Outcome.DONE if trouble is None else Outcome.UNREADABLE
        if trouble is not None or standing.job.moves:
            self._archive.keep(standing, trouble, totals)
        self._ledger.end(standing.job.batch_id, notes.holder, outcome)
        return outcome


class _PauseError(Exception):
    """Little time is left; everything that was read is written down."""


class _Notes:
    """The journal of a push: the ledger, and a look at the clock after each chunk."""

    def __init__(
        self, ledger: JobStore, standing: JobState, holder: str, late: Callable[[], bool]
    ) -> None:
        self._ledger, self.standing, self.holder, self._late = ledger, standing, holder, late
        self.number = standing.chunks
        self.source: ObjectSource | None = None

    def write(self, chunk: Chunk | None) -> None:
        """Write a chunk down; stop here where it is late."""
        if chunk is None or self.source is None:
            msg = "a push writes down chunks only, of a source"
            raise TypeError(msg)
        batch_id = self.standing.job.batch_id
        trouble = self.source.trouble
        self._ledger.note_chunk(batch_id, self.holder, self.number + 1, chunk, trouble)
        self.number += 1
        if self._late():
            raise _PauseError
