"""Some shards of the pipeline, from rows to windows: the work of one process of the simulation.

Real: packing, reading a delivery, the stream processor (gather, fold, commit, emit), the sweeper's
rule for the end of a batch. Simulated: time, stream, table. Creators are handled one after the
other within an invocation, so their writes are spread over the time in which its rows arrived.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Any

import msgspec
import numpy as np

from stream_ingest.contracts.event_model import Event
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.naming import split_window_id
from stream_ingest.contracts.settings import BATCH_END, BatchSettings
from stream_ingest.push.push import CHUNK_ROWS
from stream_ingest.records.codec import BatchHeader, bucket_of
from stream_ingest.records.packer import OutgoingRecord, Packer
from stream_ingest.windowing.creator_folding import CreatorFolding
from stream_ingest.windowing.delivery import read_delivery
from stream_ingest.windowing.poison.attempts import Attempts
from stream_ingest.windowing.poison.isolation import IsolatedFolding
from stream_ingest.windowing.rules.closing import close_batch
from stream_ingest.windowing.rules.fold import Rules
from stream_ingest.windowing.stream_processor import StreamProcessor
from tests.simulate.memory import resident_mb
from tests.simulate.population import NOW_S, Population
from tests.simulate.shards import Shard, shard_of
from tests.simulate.store import Clock, Figures, SimulatedStore

HEADER = BatchHeader(
    batch_id="2026-11-month", trigger="mysql-push", settings=BatchSettings(flush=BATCH_END)
)
_SWEPT_A_SECOND = 200
"""Creators that the sweeper closes in a second, roughly."""


class Scale(msgspec.Struct, frozen=True, kw_only=True):
    """The size of a simulation and the rate of its rows."""

    rows: int
    creators: int
    shards: int = 8
    rate: int = 10_000
    """Rows a second that come in."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a run after some of the rows."""

    rows: int
    own_rows: int
    seconds: float
    cpu_s: float
    hottest: int
    memory_mb: float
    creators: int
    figures: Figures


class Part(msgspec.Struct, kw_only=True):
    """The results of some of the shards."""

    samples: list[Sample] = []
    rows: int = 0
    repeated: int = 0
    accepted: int = 0
    duplicates: int = 0
    invocations: int = 0
    records: int = 0
    largest_payload: int = 0
    hottest_key: str = ""
    hottest_reads: int = 0
    open_images: int = 0
    """Images that still wait in the end; the end of the batch closes every window."""
    seconds: dict[str, float] = {}
    index_seconds: dict[str, dict[int, int]] = {}
    """Write units of each index partition, second by second, while rows came in."""


class Turns(Executor):
    """Runs the creators of an invocation in turn, without threads, for reproducible runs."""

    def __init__(self, clock: Clock) -> None:
        """Move `clock` on while there is work."""
        self._clock = clock
        self._began_s = self._span_s = 0.0
        self._done = self._creators = 0

    def begin(self, until_s: float, creators: int) -> None:
        """Begin an invocation, which folds so many creators by `until_s`, in several groups."""
        self._began_s, self._span_s = self._clock.now_s, until_s - self._clock.now_s
        self._done, self._creators = 0, creators

    def map(self, fn: Callable[..., Any], *iterables: Iterable[Any], **_: object) -> Iterator[Any]:
        """Yield the results in order, each at its moment."""
        (work,) = iterables
        for each in work:
            at_s = self._began_s + self._span_s * min(1.0, self._done / self._creators)
            self._clock.now_s = max(self._clock.now_s, at_s)
            self._done += 1
            yield fn(each)


class QueuedMarks:
    """An emitter with an unlimited bus; counts its writes to the table."""

    def __init__(self, store: SimulatedStore) -> None:
        """Write to `store`."""
        self._store = store

    def emit_windows(self, windows: Sequence[WindowReady]) -> list[str]:
        """Record windows as queued."""
        for window in windows:
            self._store.note_queued(split_window_id(window.window_id)[0])
        return []

    def emit(self, _event: Event) -> bool:
        """Accept an event."""
        return True


class Unused:
    """Replaces a component that this run should not need."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - it is always an error
        """Raise an error with the name of the attribute."""
        raise AssertionError(name)


class Run:
    """The shards of one process."""

    def __init__(self, scale: Scale, numbers: Sequence[int], report: Callable[[int], None]) -> None:
        """Run the shards of these numbers; `report` is called with the rows read so far."""
        self.scale, self.report = scale, report
        self.shards = {number: Shard(number) for number in numbers}
        self.clock = Clock(float(NOW_S))
        self.store = SimulatedStore(self.clock)
        self.turns = Turns(self.clock)
        emitter: Any = QueuedMarks(self.store)
        unused: Any = Unused()
        store: Any = self.store
        folding = CreatorFolding(store, unused, Rules(), self.clock)
        self.windowing = StreamProcessor(
            store=store,
            folding=folding,
            isolated=IsolatedFolding(store, folding, self.clock),
            attempts=Attempts(unused, "", self.clock),
            unreadable=unused,
            emitter=emitter,
            registry=unused,
            quarantine=unused,
            threads=self.turns,
        )
        self.part = Part()
        self._emitter = emitter

    def run(self) -> Part:
        """Run to the end of the batch."""
        began, began_cpu = time.monotonic(), time.process_time()
        population = Population(self.scale.rows, self.scale.creators)
        where = [shard_of(bucket_of(name), self.scale.shards) for name in population.names]
        chosen = np.isin(np.array(where), list(self.shards))
        packer, done, part = Packer(HEADER), 0, self.part
        part.seconds["population"] = time.monotonic() - began
        for chunk in self._timed("rows", population.chunks(chosen, CHUNK_ROWS)):
            done += chunk.of_all
            part.rows += len(chunk.rows)
            part.repeated += chunk.repeated
            arrived_s = NOW_S + done / self.scale.rate
            for record in self._timed("packing", _packed(packer, chunk.rows)):
                self._put(record, arrived_s)
            self._sample(done, began, began_cpu)
            self.report(done)
        for shard in self.shards.values():
            self._invoke(shard, shard.take(), NOW_S + done / self.scale.rate)
        self.clock.now_s = NOW_S + done / self.scale.rate
        part.index_seconds = {name: dict(each) for name, each in self.store.indexes.seconds.items()}
        self._end()
        self._sample(done, began, began_cpu)
        return self._closed()

    def _put(self, record: OutgoingRecord, arrived_s: float) -> None:
        shard = self.shards[shard_of(record.bucket, self.scale.shards)]
        self.part.records += 1
        self._invoke(shard, shard.put(record, arrived_s), arrived_s)

    def _invoke(self, shard: Shard, event: dict[str, Any] | None, until_s: float) -> None:
        """Fold an event, spread over the time since the previous one."""
        if event is None:
            return
        began = time.perf_counter()
        self.store.shard = shard.name
        self.clock.now_s = shard.done_until or float(NOW_S)
        shard.done_until = until_s
        delivery = read_delivery(event)
        self.turns.begin(until_s, len(delivery.creators))
        outcome = self.windowing.process(delivery)
        if outcome.failures or outcome.conflicts or delivery.poison:
            msg = f"{outcome.failures} {outcome.conflicts} {delivery.poison}"
            raise AssertionError(msg)
        part = self.part
        part.invocations += 1
        part.largest_payload = max(part.largest_payload, shard.largest_payload)
        part.accepted += outcome.accepted
        part.duplicates += outcome.duplicates
        self._spend("delivery, fold, commit", began)

    def _end(self) -> None:
        """Close open windows, as the sweeper does at the end of a batch."""
        began = time.perf_counter()
        for key in list(self.store.stored):
            self.store.shard = self._shard_name(key)
            self.clock.now_s += 1 / _SWEPT_A_SECOND
            (state,) = self.store.load([key]).values()
            change = close_batch(state, HEADER.batch_id, HEADER.trigger)
            if change:
                self.store.commit(state, change, int(self.clock.now_s))
                for _ in change.windows:
                    self.store.note_queued(key)
        self._spend("end of the batch", began)

    def _shard_name(self, key: str) -> str:
        return self.shards[shard_of(bucket_of(key), self.scale.shards)].name

    def _closed(self) -> Part:
        part, store = self.part, self.store
        part.hottest_key, part.hottest_reads = store.writes.hottest_key, store.reads.hottest
        part.open_images = sum(stored.open_images for stored in store.stored.values())
        return part

    def _sample(self, rows: int, began: float, began_cpu: float) -> None:
        self.part.samples.append(
            Sample(
                rows=rows,
                own_rows=self.part.rows,
                seconds=time.monotonic() - began,
                cpu_s=time.process_time() - began_cpu,
                hottest=self.store.writes.hottest,
                memory_mb=resident_mb(),
                creators=len(self.store.stored),
                figures=msgspec.structs.replace(self.store.figures),
            )
        )

    def _timed(self, name: str, values: Iterable[Any]) -> Iterator[Any]:
        """Yield values, and add the time of the iteration to `name`."""
        following = iter(values)
        while True:
            began = time.perf_counter()
            value = next(following, None)
            self._spend(name, began)
            if value is None:
                return
            yield value

    def _spend(self, name: str, began: float) -> None:
        seconds = self.part.seconds
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - began


def _packed(packer: Packer, rows: Iterable[Any]) -> Iterator[OutgoingRecord]:
    """Yield the records of a chunk: every bucket is sealed at its end."""
    for row in rows:
        if record := packer.add(row):
            yield record
    yield from packer.flush()
