"""One push: rows of a source, checked, packed and sent as one batch. Edge.

Rows are sent in chunks. A chunk is read and packed while the previous one is being sent; when that
one was accepted, the chunk is written to the checkpoint, and only then sent. At the end the
producer is drained, then the batch's totals are written, then the end marks are sent. So a reader
of the last end mark also finds the number of rows.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.creators import CreatorCase
from stream_ingest.push.chunks import Chunk, Journal
from stream_ingest.push.counting import CountingPacker, PushReport, rejection
from stream_ingest.push.producer import KinesisProducer
from stream_ingest.push.read_ahead import read_ahead
from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.records.codec import BatchHeader
from stream_ingest.records.packer import OutgoingRecord
from stream_ingest.sources.source import Cursor, FileSource, Page, Source

if TYPE_CHECKING:
    from types_aiobotocore_kinesis import KinesisClient

CHUNK_ROWS = 50_000
"""Rows in a chunk: some 400 in each bucket, about one full record of each."""
CHUNK_BYTES = 16 << 20
"""Bytes of packed records that end a chunk earlier if rows are long: memory stays bounded."""
_TOTALS_INTERVAL_S = 5.0


Progress = Callable[[PushReport], None]
ReadEnded = Callable[[Cursor], Awaitable[None]]


async def ignore_read(_: Cursor) -> None:
    """Do nothing at the end of a read."""


async def rehearse(source: Source, header: BatchHeader, progress: Progress) -> PushReport:
    """Read, check and pack all rows, but send nothing (``--dry-run``)."""
    packer = CountingPacker(header)
    started = time.monotonic()
    async for page in read_ahead(source.pages()):
        for record in packer.add_page(page, int(time.time())):
            packer.count_sent(record)
        packer.refusals.clear()
        packer.report.seconds = time.monotonic() - started
        progress(packer.report)
    for record in packer.records.flush():
        packer.count_sent(record)
    packer.report.rejected = rejection(source, packer.report)
    return packer.report


class Push:
    """Sends a batch from a source to the stream."""

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
        read_ended: ReadEnded = ignore_read,
        chunk_rows: int = CHUNK_ROWS,
        creator_case: CreatorCase | None = None,
    ) -> None:
        """Send as the batch in `header`, which must be registered.

        `read_ended` is awaited when the rows up to a page that ends a read were accepted.
        """
        self._read_ended = read_ended
        self._header, self._registry, self._refused = header, registry, refused
        self._checkpoint, self._progress, self._chunk_rows = checkpoint, progress, chunk_rows
        self._packer = CountingPacker(header, creator_case)
        self._producer = KinesisProducer(kinesis, stream, accepted=self._packer.count_sent)
        self._started = time.monotonic()
        self._totals_stored_at = self._started
        self._rows_packed = 0

    @property
    def report(self) -> PushReport:
        """The counts so far."""
        self._packer.report.seconds = time.monotonic() - self._started
        return self._packer.report

    async def run(self, source: Source, last_chunk: Chunk | None = None) -> PushReport:
        """Send every row of `source` and the end marks; return the final counts.

        If no row of a file can be used, the batch is rejected instead, and `rejected` says why.

        `last_chunk` is the chunk that an earlier, interrupted run of this push wrote last: it is
        sent again, and reading continues after it. Raises `TransientError` if the stream or the
        table keeps failing; the batch then stays ``sending``, and the checkpoint stays.
        `BatchAbandonedError`: somebody has abandoned the batch.
        """
        try:
            if last_chunk is not None:
                await self._resume(last_chunk)
            if last_chunk is None or not last_chunk.ends:
                after = last_chunk.cursor if last_chunk else None
                async with aclosing(self._chunks(source, after)) as chunks:
                    async for chunk in chunks:
                        await self._send(chunk)
                await self._end(source)
            await self._producer.drain()
        finally:
            await self._producer.stop()
        self._progress(self.report)
        return self.report

    async def _resume(self, last_chunk: Chunk) -> None:
        """Restore the state of the earlier run, and send its last chunk again."""
        report = self._packer.report
        again = sum(record.rows for record in last_chunk.records)
        report.rows_read = last_chunk.totals.rows_read
        report.rows_again = last_chunk.rows_again
        report.refused = Counter(last_chunk.totals.refused)
        report.rows_sent = last_chunk.totals.rows_sent - again
        self._rows_packed = last_chunk.totals.rows_sent
        self._packer.records.start_numbers_at(last_chunk.numbers)
        self._refused.parts = last_chunk.refused_parts
        for record in last_chunk.records:
            await self._producer.put(record)

    async def _chunks(self, source: Source, after: Cursor | None) -> AsyncGenerator[Chunk]:
        """Read, check and pack rows; yield a chunk when enough rows are packed, and the rest."""
        async with aclosing(read_ahead(source.pages(after))) as pages:
            async for chunk in self._pack(pages, after):
                yield chunk

    async def _pack(
        self, pages: AsyncGenerator[Page], after: Cursor | None
    ) -> AsyncGenerator[Chunk]:
        records: list[OutgoingRecord] = []
        rows, cursor = 0, after
        async for page in pages:
            records += self._packer.add_page(page, int(time.time()))
            rows, cursor = rows + len(page.rows), page.cursor
            await self._report_progress()
            is_full = (
                rows >= self._chunk_rows or sum(len(each.data) for each in records) >= CHUNK_BYTES
            )
            if is_full or (rows and page.ends_read):
                yield await self._chunk(records, cursor)
                records, rows = [], 0
            if page.ends_read:
                await self._producer.drain()
                await self._read_ended(page.cursor)
        if rows:
            yield await self._chunk(records, cursor)

    async def _chunk(self, records: list[OutgoingRecord], cursor: Cursor | None) -> Chunk:
        """Close a chunk: seal every bucket and store the refused rows."""
        records += self._packer.records.flush()
        self._rows_packed += sum(record.rows for record in records)
        await asyncio.to_thread(self._refused.store, self._packer.refusals)
        self._packer.refusals.clear()
        return Chunk(
            records=tuple(records),
            numbers=self._packer.records.numbers(),
            cursor=cursor,
            totals=self.report.totals(rows_sent=self._rows_packed),
            refused_parts=self._refused.parts,
            rows_again=self.report.rows_again,
        )

    async def _send(self, chunk: Chunk) -> None:
        """Wait for the previous chunk, write this one to the checkpoint, and send it."""
        await self._producer.drain()
        if not chunk.ends:
            await self._store_totals(sent=False)  # refused if the batch was abandoned
        await asyncio.to_thread(self._checkpoint.write, chunk)
        for record in chunk.records:
            await self._producer.put(record)

    async def _end(self, source: Source) -> None:
        await self._producer.drain()
        remarks = source.remarks if isinstance(source, FileSource) else ()
        self.report.rejected = rejection(source, self.report)
        await self._store_totals(sent=True, remarks=remarks)
        if self.report.rejected is not None:
            return
        marks = tuple(self._packer.records.end())
        await self._send(
            Chunk(
                records=marks,
                numbers=self._packer.records.numbers(),
                cursor=None,
                totals=self.report.totals(),
                refused_parts=self._refused.parts,
                rows_again=self.report.rows_again,
                ends=True,
            )
        )

    async def _report_progress(self) -> None:
        self._progress(self.report)
        if time.monotonic() - self._totals_stored_at > _TOTALS_INTERVAL_S:
            await self._store_totals(sent=False)

    async def _store_totals(self, *, sent: bool, remarks: Sequence[str] = ()) -> None:
        self._totals_stored_at = time.monotonic()
        totals = self.report.totals()
        await asyncio.to_thread(
            self._registry.record_totals,
            self._header.batch_id,
            totals,
            sent=sent,
            remarks=remarks,
            rejected=self.report.rejected,
        )
