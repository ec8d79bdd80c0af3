"""The whole of a delivery under faults: crashes at every step, redeliveries, repeated records.

After the manner of Flink's window checkpoint test and Kafka Streams' exactly-once test: full
contents per creator are compared, not only counts; and of Jepsen's set checker: nothing lost,
nothing unexpected, nothing twice.
"""

from __future__ import annotations

from collections import defaultdict
from random import Random
from typing import Any

import pytest

from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.events import BatchDrained, WindowReady
from stream_ingest.records import codec, packer
from stream_ingest.records.codec import BatchHeader
from stream_ingest.records.packer import Packer
from stream_ingest.records.rows import CoverRow
from stream_ingest.windowing.creator_folding import CreatorFolding
from stream_ingest.windowing.delivery import read_delivery
from stream_ingest.windowing.poison.attempts import Attempts
from stream_ingest.windowing.poison.isolation import IsolatedFolding
from stream_ingest.windowing.rules.fold import Rules
from stream_ingest.windowing.stream_processor import StreamProcessor
from tests.fakes.ingest.clock import Clock
from tests.fakes.ingest.mapping import ShardMapping
from tests.fakes.ingest.memory import MemoryEmitter, MemoryQuarantine, MemoryRegistry, MemoryStore
from tests.fakes.ingest.rows import cover_row, header
from tests.fakes.ingest.threads import InlineExecutor

CREATORS = ["ann", "ben", "charli", "Zoë", "🎉"]
IMAGES = 3
BUCKETS = 16
"""Instead of 128: most records were end marks."""
MOST = 12
"""Maximum number of records in a delivery, so that a batch needs several."""


@pytest.fixture(autouse=True)
def _few_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (codec, packer):
        monkeypatch.setattr(module, "BUCKETS", BUCKETS)


class CrashError(Exception):
    """The process died here."""


class Faults:
    """Fails steps at random, some with a transient error and some with a crash.

    One of the first twenty steps fails in any case.
    """

    def __init__(self, random: Random, chance: float) -> None:
        self._random, self.chance, self.failed = random, chance, 0
        self._first, self._steps = random.randint(1, 20), 0

    def __call__(self, step: str) -> None:
        self._steps += 1
        if self._steps == self._first or self._random.random() < self.chance:
            self.failed += 1
            raise self._random.choice([TransientError, CrashError])(step)


class World:
    """The windowing Lambda on a table, a bus and a shard in memory, with faults."""

    def __init__(self, seed: int, chance: float) -> None:
        self.random = Random(seed)  # noqa: S311 - not a secret
        self.faults = Faults(self.random, chance)
        self.store = MemoryStore(self.faults)
        self.emitter = MemoryEmitter(self.store, self.faults)
        self.registry = MemoryRegistry(BUCKETS, self.faults)
        self.quarantine = MemoryQuarantine(self.faults)
        self.clock = Clock()

    def handle(self, event: dict[str, Any]) -> dict[str, Any]:
        """Process an event in a process of its own, which knows nothing of the last one."""
        self.clock.advance(1)
        unused: Any = None  # every state in memory can be read
        folding = CreatorFolding(self.store, unused, Rules(), self.clock)  # type: ignore[arg-type]
        windowing = StreamProcessor(
            store=self.store,
            folding=folding,
            isolated=IsolatedFolding(self.store, folding, self.clock),  # type: ignore[arg-type]
            attempts=Attempts(unused, "", self.clock),
            unreadable=unused,
            emitter=self.emitter,  # type: ignore[arg-type]
            registry=self.registry,  # type: ignore[arg-type]
            quarantine=self.quarantine,  # type: ignore[arg-type]
            threads=InlineExecutor(),
        )
        outcome = windowing.process(read_delivery(event))
        lowest = [min(outcome.failures)] if outcome.failures else []
        return {"batchItemFailures": [{"itemIdentifier": str(each)} for each in lowest]}

    def rows(self, count: int) -> list[CoverRow]:
        """Return rows of several creators, about a third of them a second time."""
        return [
            cover_row(self.random.randint(0, count // 8), self.random.choice(CREATORS))
            for _ in range(count)
        ]

    def records(self, rows: list[CoverRow], batch: BatchHeader) -> list[bytes]:
        """Return a shard's records: in order per bucket, some sent twice by a doubting producer."""
        packer = Packer(batch)
        packed: dict[int, list[bytes]] = defaultdict(list)
        for start in range(0, len(rows), 9):
            for row in rows[start : start + 9]:
                packer.add(row)
            for record in packer.flush():
                packed[record.bucket] += [record.data] * self.random.choice([1, 1, 1, 2])
        for record in packer.end():
            packed[record.bucket].append(record.data)
        return self._merged(packed)

    def _merged(self, packed: dict[int, list[bytes]]) -> list[bytes]:
        shard = []
        while packed:
            bucket = self.random.choice(list(packed))
            shard.append(packed[bucket].pop(0))
            if not packed[bucket]:
                del packed[bucket]
        return shard


def wanted_images(batches: list[list[CoverRow]]) -> dict[str, list[str]]:
    """Return each creator's identities, once each, in the order in which they came."""
    wanted: dict[str, dict[str, None]] = defaultdict(dict)
    for rows in batches:
        for row in rows:
            wanted[row.creator][row.identity] = None
    return {creator: list(identities) for creator, identities in wanted.items()}


@pytest.mark.parametrize("seed", range(220))
def test_nothing_is_lost_and_nothing_is_doubled_whatever_fails(seed: int) -> None:
    world = World(seed, chance=0.05)
    batches, delivered = [], []
    for number in range(2):
        batch = header(f"batch-{number}", images=IMAGES)
        rows = world.rows(60)
        shard = world.records(rows, batch)
        shard.insert(world.random.randrange(len(shard)), b"poison")
        ShardMapping(world.handle, world.random, most=MOST).run(shard, again=0.2)
        batches.append(rows)
        delivered.append(batch.batch_id)
    world.faults.chance = 0
    world.emitter.sweep()

    assert world.faults.failed > 0
    check_windows(world, wanted_images(batches))
    for batch_id, rows in zip(delivered, batches, strict=True):
        tally = world.store.totals(batch_id)
        assert tally.accepted + tally.duplicates == len(rows)
        assert world.registry.drained[batch_id] == set(range(BUCKETS))
        assert BatchDrained(batch_id=batch_id, trigger="mysql-push") in world.emitter.heard
    assert set(world.quarantine.stored.values()) == {
        "record: codec version 112, this consumer reads 2"
    }


def check_windows(world: World, wanted: dict[str, list[str]]) -> None:
    """Compare what the bus heard with what the rows come to, window by window."""
    heard: dict[str, WindowReady] = {}
    for event in world.emitter.heard:
        if isinstance(event, WindowReady):
            assert heard.setdefault(event.window_id, event) == event, "said twice, and differently"
    assert world.store.ready == set()
    assert set(heard) == set(world.store.outbox)
    for state in world.store.states.values():
        events = sorted(
            (event for event in heard.values() if event.creator == state.creator),
            key=lambda event: event.window_id,
        )
        full = len(wanted[state.creator]) // IMAGES
        assert len(events) == full == state.next_window - 1
        in_windows = [image.identity for event in events for image in event.images]
        assert in_windows == wanted[state.creator][: full * IMAGES]
        assert state.open_images == len(wanted[state.creator]) - full * IMAGES
    assert {state.creator for state in world.store.states.values()} == set(wanted)
