"""A push on the stage: real packer, producer and registry, in a process that may die.

What lasts is what the checkpoint file holds (`stream_ingest.push.checkpoint`): which chunk was
begun. A process that takes over sends that chunk again, byte for byte, and goes on behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from stream_ingest.batches.registry import Totals
from stream_ingest.contracts.errors import CoverstreamError, UserError
from stream_ingest.push.producer import KinesisProducer
from stream_ingest.records.codec import BatchHeader
from stream_ingest.records.packer import OutgoingRecord, Packer
from stream_ingest.records.rows import CoverRow
from tests.faults.harness import parts
from tests.faults.harness.aws.errors import KilledError
from tests.faults.harness.injector import Fault, Faults

if TYPE_CHECKING:
    from tests.faults.harness.stage import Stage


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What is pushed: rows in their order, and how many were refused before they were packed."""

    header: BatchHeader
    rows: Sequence[CoverRow]
    chunk_rows: int = 1_000
    refused: int = 0

    @property
    def totals(self) -> Totals:
        """Return what the producer writes at the end."""
        refused = {"expired": self.refused} if self.refused else {}
        read = len(self.rows) + self.refused
        return Totals(rows_read=read, rows_sent=len(self.rows), refused=refused)

    def chunks(self) -> list[list[OutgoingRecord]]:
        """Return the records of each chunk, and of the end marks as the last one."""
        packer = Packer(self.header)
        chunks = []
        for start in range(0, len(self.rows), self.chunk_rows):
            full = [packer.add(row) for row in self.rows[start : start + self.chunk_rows]]
            chunks.append([record for record in full if record] + list(packer.flush()))
        return [*chunks, list(packer.end())]


class Push:
    """One batch on its way into the stream."""

    def __init__(self, stage: Stage, loop: asyncio.AbstractEventLoop, batch: Batch) -> None:
        self.batch = batch
        self._stage, self._loop = stage, loop
        self._chunks = batch.chunks()
        self._is_registered = self._is_noted = False
        self._done = 0

    @property
    def is_done(self) -> bool:
        """Tell whether the last end mark is in."""
        return self._done == len(self._chunks)

    def run(self, things: int = 1_000, faults: Iterable[Fault] = ()) -> None:
        """Let a process do so many things: register, send a chunk, write the totals, end marks.

        A process that dies has done fewer; the next one (`push --resume`) takes over.
        """
        own = Faults(faults or self._stage.scheduled("push"))
        clients = parts.Clients(self._stage, own)
        with suppress(CoverstreamError, ClientError, KilledError):
            for _ in range(things):
                if self.is_done:
                    break
                self._next(clients)
        self._stage.note("push", own)

    def _next(self, clients: parts.Clients) -> None:
        registry = parts.registry(clients)
        if not self._is_registered:
            with suppress(UserError):  # this very push has registered it and never heard of it
                registry.register(self.batch.header)
            self._is_registered = True
        elif self._done == len(self._chunks) - 1 and not self._is_noted:
            registry.note_totals(self.batch.header.batch_id, self.batch.totals, sent=True)
            self._is_noted = True
        else:
            self._loop.run_until_complete(self._send(clients, self._chunks[self._done]))
            self._done += 1

    async def _send(self, clients: parts.Clients, records: Sequence[OutgoingRecord]) -> None:
        async def pass_time(seconds: float) -> None:
            self._stage.clock.advance(seconds)

        producer = KinesisProducer(
            clients.kinesis,
            self._stage.kinesis.name,
            accepted=lambda _: None,
            sleep=pass_time,
            jitter=lambda: 1.0,
        )
        try:
            for record in records:
                await producer.put(record)
            await producer.drain()
        finally:
            await producer.stop()
