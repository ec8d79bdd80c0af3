"""One push: rows of a source, admitted, packed and sent as one batch. Edge.

Rows travel in chunks. A chunk is read and packed while the one before it is being sent; when that
one is in, the chunk is written to the checkpoint, and only then sent. Order matters at the end,
too: rows are drained, then the batch's totals are written, then the end marks are sent. So whoever
sees the last end mark also sees how many rows there were.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Protocol

import msgspec

from stream_ingest.batches.registry import BatchRegistry, Totals
from stream_ingest.contracts.naming import mixed_creator
from stream_ingest.push.chunks import Chunk
from stream_ingest.push.producer import KinesisProducer
from stream_ingest.push.read_ahead import read_ahead
from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.records.codec import BatchHeader
from stream_ingest.records.packer import OutgoingRecord, Packer
from stream_ingest.records.rows import RowRefusal, admit
from stream_ingest.sources.source import Cursor, Page, Source

if TYPE_CHECKING:
    from types_aiobotocore_kinesis import KinesisClient

CHUNK_ROWS = 50_000
"""Rows in a chunk: some 400 in each bucket, about one full record of each."""
CHUNK_BYTES = 16 << 20
"""Packed records that end a chunk before that, where rows are long: memory stays bounded."""
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

    def totals(self, *, rows_sent: int | None = None) -> Totals:
        """Return the counts that go into the batch's item, `rows_sent` as given or as it stands."""
        return Totals(
            rows_read=self.rows_read,
            rows_sent=self.rows_sent if rows_sent is None else rows_sent,
            refused=dict(self.refused),
        )


Progress = Callable[[PushReport], None]


class Journal(Protocol):
    """Where a push writes each chunk down before it is sent."""

    def write(self, chunk: Chunk | None) -> None:
        """Keep `chunk` in place of the one before."""
        ...


class NoJournal:
    """For a push that is simply done again where it was cut short."""

    def write(self, chunk: Chunk | None) -> None:
        """Keep nothing."""


class Counting:
    """Admits and packs rows and counts them: all of a push but the sending."""

    def __init__(self, header: BatchHeader) -> None:
        """Count for the batch in `header`."""
        self.packer = Packer(header)
        # Under whose name a row's window fills, where that is not its creator's.
        self._group = None if header.settings.group_by_creator else mixed_creator(header.batch_id)
        self.report = PushReport(batch_id=header.batch_id)
        self.refusals: list[RowRefusal] = []
        """Refused since the list was last cleared."""

    def take(self, page: Page, now_s: int) -> list[OutgoingRecord]:
        """Admit and pack a page; return the records that became full."""
        full = []
        add, group = self.packer.add, self._group
        self.report.rows_read += len(page.rows)
        for row in page.rows:
            outcome = admit(*row, now_s)
            if isinstance(outcome, RowRefusal):
                self.report.refused[outcome.reason.value] += 1
                self.refusals.append(outcome)
                continue
            if group is not None:
                outcome = msgspec.structs.replace(outcome, creator=group)
            if record := add(outcome):
                full.append(record)
        return full

    def note_sent(self, record: OutgoingRecord) -> None:
        """Count a record that the stream has taken."""
        self.report.records += 1
        self.report.rows_sent += record.rows
        self.report.bytes += len(record.data)


async def rehearse(source: Source, header: BatchHeader, progress: Progress) -> PushReport:
    """Read, admit and pack everything and send nothing (``--dry-run``)."""
    counting = Counting(header)
    started = time.monotonic()
    async for page in read_ahead(source.pages()):
        for record in counting.take(page, int(time.time())):
            counting.note_sent(record)
        counting.refusals.clear()
        counting.report.seconds = time.monotonic() - started
        progress(counting.report)
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
        checkpoint: Journal,
        progress: Progress,
        chunk_rows: int = CHUNK_ROWS,
    ) -> None:
        """Send as the batch in `header`, which is registered already."""
        self._header, self._registry, self._refused = header, registry, refused
        self._checkpoint, self._progress, self._chunk_rows = checkpoint, progress, chunk_rows
        self._counting = Counting(header)
        self._producer = KinesisProducer(kinesis, stream, accepted=self._counting.note_sent)
        self._started = time.monotonic()
        self._noted = self._started
        self._rows_packed = 0

    @property
    def report(self) -> PushReport:
        """What was done so far."""
        self._counting.report.seconds = time.monotonic() - self._started
        return self._counting.report

    async def run(self, source: Source, begun: Chunk | None = None) -> PushReport:
        """Send every row of `source` and the end of the batch; return what was done.

        `begun` is the chunk that an earlier, killed run of this push had written last: it is sent
        again, and reading goes on behind it. Raises `TransientError` when the stream or the table
        goes on refusing; the batch then stays ``sending``, and the checkpoint stays.
        """
        try:
            if begun is not None:
                await self._take_up(begun)
            if begun is None or not begun.ends:
                async for chunk in self._chunks(source, begun.cursor if begun else None):
                    await self._send(chunk)
                await self._end()
            await self._producer.drain()
        finally:
            await self._producer.stop()
        self._progress(self.report)
        return self.report

    async def _take_up(self, begun: Chunk) -> None:
        """Stand where the earlier run stood, and send its last chunk again."""
        report = self._counting.report
        again = sum(record.rows for record in begun.records)
        report.rows_read, report.refused = begun.totals.rows_read, Counter(begun.totals.refused)
        report.rows_sent = begun.totals.rows_sent - again
        self._rows_packed = begun.totals.rows_sent
        self._counting.packer.number_from(begun.numbers)
        self._refused.parts = begun.refused_parts
        for record in begun.records:
            await self._producer.put(record)

    async def _chunks(self, source: Source, after: Cursor | None) -> AsyncIterator[Chunk]:
        """Read, admit and pack; yield a chunk whenever enough rows are packed, and what is left."""
        records: list[OutgoingRecord] = []
        rows, cursor = 0, after
        async for page in read_ahead(source.pages(after)):
            records += self._counting.take(page, int(time.time()))
            rows, cursor = rows + len(page.rows), page.cursor
            await self._tell()
            if rows >= self._chunk_rows or sum(len(each.data) for each in records) >= CHUNK_BYTES:
                yield await self._chunk(records, cursor)
                records, rows = [], 0
        if rows:
            yield await self._chunk(records, cursor)

    async def _chunk(self, records: list[OutgoingRecord], cursor: Cursor | None) -> Chunk:
        """Close a chunk: seal every bucket, store what was refused."""
        records += self._counting.packer.flush()
        self._rows_packed += sum(record.rows for record in records)
        await asyncio.to_thread(self._refused.store, self._counting.refusals)
        self._counting.refusals.clear()
        return Chunk(
            records=tuple(records),
            numbers=self._counting.packer.numbers(),
            cursor=cursor,
            totals=self.report.totals(rows_sent=self._rows_packed),
            refused_parts=self._refused.parts,
        )

    async def _send(self, chunk: Chunk) -> None:
        """Wait for the chunk before, write this one down, hand it to the producer."""
        await self._producer.drain()
        await asyncio.to_thread(self._checkpoint.write, chunk)
        for record in chunk.records:
            await self._producer.put(record)

    async def _end(self) -> None:
        await self._producer.drain()
        await self._note(sent=True)
        marks = tuple(self._counting.packer.end())
        await self._send(
            Chunk(
                records=marks,
                numbers=self._counting.packer.numbers(),
                cursor=None,
                totals=self.report.totals(),
                refused_parts=self._refused.parts,
                ends=True,
            )
        )

    async def _tell(self) -> None:
        self._progress(self.report)
        if time.monotonic() - self._noted > _TOTALS_EVERY_S:
            self._noted = time.monotonic()
            await self._note(sent=False)

    async def _note(self, *, sent: bool) -> None:
        totals = self.report.totals()
        await asyncio.to_thread(
            self._registry.note_totals, self._header.batch_id, totals, sent=sent
        )
