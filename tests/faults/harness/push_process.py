"""A push into the simulated account: real packer, producer and registry, in a mortal process.

What lasts is what the checkpoint file holds (`stream_ingest.push.checkpoint`): which chunk was
sent. A process that takes over sends that chunk again, byte for byte, and continues after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from stream_ingest.batches.batch_item import BatchTakenError
from stream_ingest.batches.progress import ABANDONED_BATCH
from stream_ingest.batches.registry import Totals
from stream_ingest.contracts.errors import CoverstreamError, UserError
from stream_ingest.push.abandon import send_marks
from stream_ingest.push.producer import KinesisProducer
from stream_ingest.records.codec import BatchHeader
from stream_ingest.records.packer import OutgoingRecord, Packer
from stream_ingest.records.rows import CoverRow
from tests.faults.harness import wiring
from tests.faults.harness.aws.errors import KilledError
from tests.faults.harness.injector import Fault, Faults

if TYPE_CHECKING:
    from tests.faults.harness.simulated_account import SimulatedAccount


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A batch to push: its rows in order, and the number of rows refused before packing."""

    header: BatchHeader
    rows: Sequence[CoverRow]
    chunk_rows: int = 1_000
    refused: int = 0
    abandoned: bool = False
    """Whether somebody has abandoned it, so that not all of its rows may have been sent."""
    late: bool = False
    """Whether a chunk reached the stream after the end marks of an abandoned batch."""
    unmarked: bool = False
    """Whether its abandoning failed until it had ended by itself, so that it may have no marks."""

    @property
    def totals(self) -> Totals:
        """Return the totals that the producer writes at the end."""
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


class PushProcess:
    """Pushes one batch, in as many processes as it takes."""

    def __init__(
        self, account: SimulatedAccount, loop: asyncio.AbstractEventLoop, batch: Batch
    ) -> None:
        self.batch = batch
        self._account, self._loop = account, loop
        self._chunks = batch.chunks()
        self._is_registered = self._has_totals = False
        self._is_abandoning = False
        self._done = 0

    @property
    def is_done(self) -> bool:
        """Return whether the last end mark was sent, and no abandoning has yet to be repeated."""
        return self._done == len(self._chunks) and not self._is_abandoning

    def run(self, actions: int = 1_000, faults: Iterable[Fault] = ()) -> None:
        """Run a process for `actions` steps: register, send a chunk, write totals, send end marks.

        If the process dies earlier, the next one continues (`push --resume`).
        """
        if self._is_abandoning:
            self.abandon()
            return
        own = Faults(faults or self._account.scheduled("push"))
        clients = wiring.Clients(self._account, own)
        with suppress(CoverstreamError, ClientError, KilledError):
            for _ in range(actions):
                if self.is_done:
                    break
                self._next(clients)
        self._account.record("push", own)

    def _next(self, clients: wiring.Clients) -> None:
        registry = wiring.registry(clients)
        if not self._is_registered:
            registry.register(self.batch.header, owner="the push")
            self._is_registered = True
        elif self._done == len(self._chunks) - 1 and not self._has_totals:
            registry.record_totals(self.batch.header.batch_id, self.batch.totals, sent=True)
            self._has_totals = True
        else:
            if not self._has_totals:
                registry.record_totals(self.batch.header.batch_id, self._totals(), sent=False)
            self._loop.run_until_complete(self._send(clients, self._chunks[self._done]))
            self._done += 1

    def _totals(self) -> Totals:
        """Return the totals before a chunk is sent: its rows are read."""
        sent = self._done * self.batch.chunk_rows
        read = min(sent + self.batch.chunk_rows, len(self.batch.rows))
        return Totals(rows_read=read, rows_sent=min(sent, read))

    def meet_rival(self) -> None:
        """Begin another push under this batch's id, if it was registered; assert its refusal."""
        registry = wiring.registry(wiring.Clients(self._account, Faults()))
        if registry.load(self.batch.header.batch_id) is None:
            return
        try:
            registry.register(self.batch.header, owner="another push")
        except BatchTakenError:
            return
        msg = "two pushes have one batch"
        raise AssertionError(msg)

    def abandon(self, faults: Iterable[Fault] = (), *, late: bool = False) -> None:
        """Abandon the batch; the next process does if this one dies.

        With `late`, the chunk that the producer was sending reaches the stream after that.
        """
        own = Faults(faults or self._account.scheduled("abandon"))
        clients = wiring.Clients(self._account, own)
        self._is_abandoning = True
        with suppress(CoverstreamError, ClientError, KilledError):
            try:
                batch = wiring.registry(clients).abandon(self.batch.header.batch_id, "a person")
            except UserError:
                self._is_abandoning = False
                self._check_abandoned()
                raise
            self._loop.run_until_complete(
                send_marks(clients.kinesis, self._account.kinesis.name, batch)
            )
            rows_left = self._done < len(self._chunks) - 1
            is_late = self.batch.late or (late and rows_left)
            self.batch = replace(self.batch, abandoned=True, late=is_late)
            self._is_abandoning = False
        self._account.record("abandon", own)
        if self.batch.late and self._done < len(self._chunks):
            chunk, clients = self._chunks[self._done], wiring.Clients(self._account, Faults())
            self._loop.run_until_complete(self._send(clients, chunk))
        if self.batch.abandoned:
            self._done = len(self._chunks)

    def _check_abandoned(self) -> None:
        """Find out why abandoning was refused: not registered yet, sent completely, or done before.

        An attempt that failed after its effect has abandoned the batch.
        """
        registry = wiring.registry(wiring.Clients(self._account, Faults()))
        batch = registry.load(self.batch.header.batch_id)
        if batch is not None and batch.abandoned_at is not None:
            unmarked = batch.status == ABANDONED_BATCH
            self.batch = replace(self.batch, abandoned=True, unmarked=unmarked)

    async def _send(self, clients: wiring.Clients, records: Sequence[OutgoingRecord]) -> None:
        async def pass_time(seconds: float) -> None:
            self._account.clock.advance(seconds)

        producer = KinesisProducer(
            clients.kinesis,
            self._account.kinesis.name,
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
