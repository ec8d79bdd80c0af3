"""One push: rows of a source, admitted, packed and sent as one batch. Edge.

Order matters: rows are drained, then the batch's totals are written, then the end marks are sent.
So whoever sees the last end mark also sees how many rows there were.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import msgspec

from stream_ingest.batches import BatchRegistry, Totals
from stream_ingest.packing import BatchHeader, OutgoingRecord, Packer
from stream_ingest.producer import KinesisProducer
from stream_ingest.refused import RefusedRows
from stream_ingest.rows import CoverRow, Refusal, admit
from stream_ingest.sources.rows import Source, SourceRow

if TYPE_CHECKING:
    from types_aiobotocore_kinesis import KinesisClient

_TOTALS_EVERY_S = 5.0


class PushReport(msgspec.Struct, kw_only=True):
    """What a push has done so far, or in the end."""

    batch_id: str
    rows_read: int = 0
    rows_sent: int = 0
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    records: int = 0
    bytes: int = 0
    seconds: float = 0.0

    def totals(self) -> Totals:
        """Return the counts that go into the batch's item."""
        return Totals(
            rows_read=self.rows_read, rows_sent=self.rows_sent, refused=dict(self.refused)
        )


Progress = Callable[[PushReport], None]


class Counting:
    """Admits and packs rows and counts them: all of a push but the sending."""

    def __init__(self, header: BatchHeader) -> None:
        """Count for the batch in `header`."""
        self.packer = Packer(header)
        self.report = PushReport(batch_id=header.batch_id)

    def admit(self, row: SourceRow, now_s: int) -> CoverRow | Refusal:
        """Return the row or its refusal, counted."""
        self.report.rows_read += 1
        outcome = admit(*row, now_s)
        if isinstance(outcome, Refusal):
            self.report.refused[outcome.reason.value] += 1
        return outcome

    def note_sent(self, record: OutgoingRecord) -> None:
        """Count a record that the stream has taken."""
        self.report.records += 1
        self.report.rows_sent += record.rows
        self.report.bytes += len(record.data)


async def rehearse(source: Source, header: BatchHeader, progress: Progress) -> PushReport:
    """Read, admit and pack everything and send nothing (``--dry-run``)."""
    counting = Counting(header)
    started = time.monotonic()
    async for page in source.pages():
        for row in page:
            outcome = counting.admit(row, int(time.time()))
            if isinstance(outcome, CoverRow) and (record := counting.packer.add(outcome)):
                counting.note_sent(record)
        counting.report.seconds = time.monotonic() - started
        progress(counting.report)
        await asyncio.sleep(0)
    for record in counting.packer.flush():
        counting.note_sent(record)
    return counting.report


class Push:
    """A batch on its way from a source into the stream."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        header: BatchHeader,
        kinesis: KinesisClient,
        stream: str,
        registry: BatchRegistry,
        refused: RefusedRows,
        progress: Progress,
    ) -> None:
        """Send as the batch in `header`, which `run` registers first."""
        self._header, self._registry, self._refused = header, registry, refused
        self._progress = progress
        self._counting = Counting(header)
        self._producer = KinesisProducer(kinesis, stream, accepted=self._counting.note_sent)
        self._started = time.monotonic()
        self._noted = self._started

    @property
    def report(self) -> PushReport:
        """What was done so far."""
        self._counting.report.seconds = time.monotonic() - self._started
        return self._counting.report

    async def run(self, source: Source) -> PushReport:
        """Send every row of `source` and the end of the batch; return what was done.

        Raises `TransientError` when the stream or the table goes on refusing; the batch then stays
        ``sending`` and `report` tells how far it came.
        """
        await asyncio.to_thread(self._registry.register, self._header)
        try:
            async for page in source.pages():
                await self._send_page(page)
                await self._tell()
            await self._send_all(self._counting.packer.flush())
            await asyncio.to_thread(self._refused.store)
            await self._note(sent=True)
            await self._send_all(self._counting.packer.end())
        finally:
            await self._producer.stop()
        self._progress(self.report)
        return self.report

    async def _send_page(self, page: list[SourceRow]) -> None:
        now_s = int(time.time())
        for row in page:
            outcome = self._counting.admit(row, now_s)
            if isinstance(outcome, Refusal):
                if self._refused.add(outcome):
                    await asyncio.to_thread(self._refused.store)
            elif record := self._counting.packer.add(outcome):
                await self._producer.put(record)

    async def _send_all(self, records: Iterable[OutgoingRecord]) -> None:
        for record in records:
            await self._producer.put(record)
        await self._producer.drain()

    async def _tell(self) -> None:
        self._progress(self.report)
        await asyncio.sleep(0)
        if time.monotonic() - self._noted > _TOTALS_EVERY_S:
            self._noted = time.monotonic()
            await self._note(sent=False)

    async def _note(self, *, sent: bool) -> None:
        totals = self.report.totals()
        await asyncio.to_thread(
            self._registry.note_totals, self._header.batch_id, totals, sent=sent
        )
