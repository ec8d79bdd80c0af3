"""One invocation's work on one job: from its state as far as time allows. Edge (S3, Kinesis).

The rows travel as those of `stream-ingest push` do, chunk by chunk, and each chunk is recorded
before it is sent; here in the job store, not in a file. If little time is left, the invocation
stops after a chunk that was recorded and not sent: the next invocation begins with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import ClientError

from stream_ingest.batches.batch_item import BatchAbandonedError, BatchTakenError
from stream_ingest.batches.registry import BatchRegistry, Totals
from stream_ingest.contracts.creators import CreatorCase
from stream_ingest.contracts.errors import TransientError, UserError
from stream_ingest.contracts.reading import PLAIN_READING
from stream_ingest.intake.archive import Archive
from stream_ingest.intake.job_item import JobState, ReadFailure
from stream_ingest.intake.job_store import JobClaimedError, JobEndedError, JobStore
from stream_ingest.intake.jobs import Job
from stream_ingest.intake.object_source import ObjectSource
from stream_ingest.intake.objects import (
    GoneError,
    MissingError,
    NotYetError,
    ObjectBlocks,
    is_settled,
)
from stream_ingest.push.chunks import Chunk
from stream_ingest.push.push import CHUNK_ROWS, Push
from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.sources.rejection import Rejection
from stream_ingest.sources.text_stream import UnreadableError

if TYPE_CHECKING:
    from types_aiobotocore_kinesis import KinesisClient
    from types_boto3_s3 import S3Client

CLAIM_MARGIN_S = 30
"""A claim ends this long after its invocation: by then its last request has arrived or failed."""


class JobOutcome(StrEnum):
    """How an invocation left a job."""

    DONE = "done"
    UNREADABLE = "unreadable"
    """Read up to some line; the report lies beside the file."""
    REJECTED = "rejected"
    """No row could be used, or the file could not be read at all; the report lies beside it."""
    GONE = "gone"
    """The file was moved or replaced before anything of it was read."""
    UNFINISHED = "unfinished"
    """Another invocation has to continue."""
    BLOCKED = "blocked"
    """As unfinished, but the stream or the table refuses requests: continue a little later."""
    ABANDONED = "abandoned"
    """Somebody has abandoned its batch; the file stays where it is."""
    CLAIMED = "claimed"
    """Another message has claimed it: continue when its claim is over, in case it dies."""
    NOT_NEEDED = "not needed"
    """It has ended."""


class JobReport(msgspec.Struct, frozen=True, kw_only=True):
    """How an invocation left a job; the figures are those of the whole file, at its end."""

    outcome: JobOutcome
    totals: Totals = msgspec.field(default_factory=Totals)
    size: int = 0
    """Bytes of the file."""
    why: Rejection | None = None
    """Why the file was rejected."""


class JobRunner:
    """Reads the files of jobs into the stream."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        s3: S3Client,
        kinesis: KinesisClient,
        stream: str,
        input_bucket: str,
        output_bucket: str,
        job_store: JobStore,
        registry: BatchRegistry,
        clock: Callable[[], float],
        chunk_rows: int = CHUNK_ROWS,
        creator_case: CreatorCase = CreatorCase.KEEP,
        on_report: Callable[[JobReport], None] = lambda _: None,
    ) -> None:
        """`clock` gives epoch seconds, `kinesis` is a client whose calls are awaited.

        `on_report` is called when an invocation has ended a job or leaves it to the next one.
        """
        self._report = on_report
        self._creator_case = creator_case
        self._s3, self._kinesis, self._stream = s3, kinesis, stream
        self._output_bucket, self._job_store, self._registry = output_bucket, job_store, registry
        self._archive = Archive(s3, input_bucket)
        self._clock, self._chunk_rows = clock, chunk_rows

    def run(
        self,
        job: Job,
        owner: str,
        *,
        pause_at: float,
        ends_at: float,
        uploaded_at: int | None = None,
    ) -> JobOutcome:
        """Read the job's file on until `pause_at`; this invocation is over at `ends_at` (epoch s).

        `owner` is the id of the message, `uploaded_at` when S3 announced the file. Raises
        `PermanentError` for a request that cannot be done, `TransientError` if nothing could be
        done now, and `NotYetError` for a new file that S3 does not know yet; the job is released
        then.
        """
        try:
            state = self._job_store.claim(job, owner, int(ends_at) + CLAIM_MARGIN_S)
        except JobEndedError:
            return JobOutcome.NOT_NEEDED
        except JobClaimedError:
            return JobOutcome.CLAIMED
        journal = _JobJournal(self._job_store, state, owner, lambda: self._clock() >= pause_at)
        try:
            return asyncio.run(self._read(state, journal, uploaded_at))
        except _PauseError:
            self._job_store.release(job.batch_id, owner)
            self._report(JobReport(outcome=JobOutcome.UNFINISHED))
            return JobOutcome.UNFINISHED
        except TransientError:
            self._job_store.release(job.batch_id, owner)
            if journal.number == state.chunks:
                raise
            self._report(JobReport(outcome=JobOutcome.BLOCKED))
            return JobOutcome.BLOCKED
        except BatchAbandonedError:
            self._job_store.end(job.batch_id, owner, JobOutcome.ABANDONED)
            return JobOutcome.ABANDONED
        except (UserError, ClientError):
            self._job_store.release(job.batch_id, owner)
            raise

    def why_rejected(self, batch_id: str) -> str | None:
        """Return why a batch was rejected; None for another batch."""
        batch = self._registry.load(batch_id)
        return batch.rejected if batch is not None else None

    async def _read(
        self, state: JobState, journal: _JobJournal, uploaded_at: int | None
    ) -> JobOutcome:
        job = state.job
        source = journal.source = ObjectSource(
            ObjectBlocks(self._s3, job.object), job.reading or PLAIN_READING
        )
        begun = self._job_store.chunk(state)
        if begun is None:
            try:
                await source.check()
            except (UnreadableError, GoneError) as error:
                if isinstance(error, MissingError) and not is_settled(uploaded_at, self._clock()):
                    raise NotYetError(str(error)) from error
                return self._refuse(journal, error)
        self._register(job)
        push = Push(
            header=job.header,
            kinesis=self._kinesis,
            stream=self._stream,
            registry=self._registry,
            refused=RefusedRows(self._s3, self._output_bucket, job.batch_id),
            checkpoint=journal,
            progress=lambda _: None,
            chunk_rows=self._chunk_rows,
            creator_case=self._creator_case,
        )
        report = await push.run(source, begun)
        failure = state.failure or source.failure
        if report.rejected is not None:
            if failure is not None:
                why = source.why
            else:
                why = Rejection.NO_USABLE_ROW if report.rows_read else Rejection.NO_ROWS
                failure = ReadFailure(line=0, reason=report.rejected)
            return self._end(journal, failure, report.totals(), JobOutcome.REJECTED, why)
        outcome = JobOutcome.DONE if failure is None else JobOutcome.UNREADABLE
        return self._end(journal, failure, report.totals(), outcome)

    def _register(self, job: Job) -> None:
        """Register a job's batch; jobs of earlier versions had registered theirs without owner."""
        try:
            self._registry.register(job.header, job.object.uri, job.notes, owner=job.owner)
        except BatchTakenError:
            self._registry.register(job.header, job.object.uri, job.notes, owner="")

    def _refuse(self, journal: _JobJournal, error: UnreadableError | GoneError) -> JobOutcome:
        """End a job whose file cannot be read at all: its batch is rejected.

        A file that is gone is no batch; one that was requested is an error of the request.
        """
        job = journal.state.job
        if isinstance(error, GoneError):
            if not job.moves:
                msg = f"s3_key {job.object.key!r}: {error}"
                raise UserError(msg) from error
            self._job_store.end(job.batch_id, journal.owner, JobOutcome.GONE)
            self._report(JobReport(outcome=JobOutcome.GONE))
            return JobOutcome.GONE
        self._register(job)
        self._registry.record_totals(job.batch_id, Totals(), sent=True, rejected=str(error))
        failure = ReadFailure(line=error.line, reason=error.reason)
        return self._end(journal, failure, Totals(), JobOutcome.REJECTED, error.why)

    def _end(
        self,
        journal: _JobJournal,
        failure: ReadFailure | None,
        totals: Totals,
        outcome: JobOutcome,
        why: Rejection | None = None,
    ) -> JobOutcome:
        state = journal.state
        if failure is not None or state.job.moves:
            self._archive.store(state, failure, totals)
        self._job_store.end(state.job.batch_id, journal.owner, outcome)
        size = journal.source.size if journal.source else 0
        self._report(JobReport(outcome=outcome, totals=totals, size=size, why=why))
        return outcome


class _PauseError(Exception):
    """Little time is left; everything that was read is recorded."""


class _JobJournal:
    """The checkpoint of a push: the job store. Stops the push after a chunk if it is late."""

    def __init__(
        self, job_store: JobStore, state: JobState, owner: str, late: Callable[[], bool]
    ) -> None:
        self._job_store, self.state, self.owner, self._late = job_store, state, owner, late
        self.number = state.chunks
        self.source: ObjectSource | None = None

    def write(self, chunk: Chunk | None) -> None:
        """Record a chunk; raise `_PauseError` if it is late."""
        if chunk is None or self.source is None:
            msg = "a push must record chunks of a source only"
            raise TypeError(msg)
        batch_id = self.state.job.batch_id
        failure = self.source.failure
        self._job_store.record_chunk(batch_id, self.owner, self.number + 1, chunk, failure)
        self.number += 1
        if self._late():
            raise _PauseError
