"""The pipeline's parts on fake AWS: stores that last, and processes that may die at any call.

`Stage` holds what outlives every process: table, stream, bus, queue, buckets, the clock. Processes
come from `Fleet`s: an invocation takes a warm one or starts one, and one that was killed is gone
with all that it had in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Generic, TypeVar

from collage_lambda.announce import Announcer
from collage_lambda.messages import read_message
from collage_lambda.outputs import Outputs
from collage_lambda.publishing import Publisher
from collage_lambda.temp_store import TempStore
from collage_lambda.windows import Windows
from collage_lambda.worker import CollageWorker, Outcome
from stream_ingest.batches import BatchRegistry
from stream_ingest.errors import CoverstreamError
from stream_ingest.events import BatchDrained, Source, WindowReady
from stream_ingest.windowing.emitter import Emitter
from stream_ingest.windowing.fold import Rules
from stream_ingest.windowing.quarantine import Quarantine
from stream_ingest.windowing.store import WindowStore
from stream_ingest.windowing.sweeper import Sweep, Sweeper
from stream_ingest.windowing.windowing import Windowing
from tests.fakes import fault_handlers
from tests.fakes.fault_bus import Event, FakeBus, Rule
from tests.fakes.fault_dynamodb import FakeDynamoDb
from tests.fakes.fault_errors import KilledError
from tests.fakes.fault_injector import AsyncFaulty, Fault, Faults, Faulty
from tests.fakes.fault_kinesis import FakeKinesis
from tests.fakes.fault_mapping import LaneMapping, MappingSettings
from tests.fakes.fault_s3 import FakeS3
from tests.fakes.fault_sqs import FakeQueue, Message
from tests.fakes.fault_studio import Covers, StubBuilder
from tests.fakes.ingest_aws import BUS, OUTPUT, TABLE, TEMP, create_table
from tests.fakes.ingest_clock import Clock
from tests.fakes.ingest_threads import InlineExecutor

STREAM = "coverstream-test"
COLLAGE_TIMEOUT_S = 120
VISIBILITY_S = 6 * COLLAGE_TIMEOUT_S
SHARDS = 2
PAGE_ITEMS = 7

Part = TypeVar("Part")


class Clients:
    """One process's clients, each of them with the process's faults before it."""

    def __init__(self, stage: Stage, faults: Faults) -> None:
        self.dynamodb: Any = Faulty(stage.dynamodb, "dynamodb", faults)
        self.s3: Any = Faulty(stage.s3, "s3", faults)
        self.events: Any = Faulty(stage.bus, "events", faults)
        self.kinesis: Any = AsyncFaulty(stage.kinesis, "kinesis", faults)


class Fleet(Generic[Part]):
    """Processes of one kind."""

    def __init__(self, stage: Stage, start: Callable[[Clients], Part]) -> None:
        self._stage, self._start = stage, start
        self._warm: list[tuple[Faults, Part]] = []
        self.killed = 0

    def run(self, faults: Iterable[Fault], work: Callable[[Part], object]) -> Any:  # noqa: ANN401 - what `work` returns
        """Let one process do some work; `KilledError` where a fault ended it."""
        own, part = self._warm.pop() if self._warm else self._fresh()
        own.arm(faults)
        try:
            return work(part)
        except KilledError:
            self.killed += 1
            part = None
            raise
        finally:
            self._stage.noted(own)
            if part is not None:
                own.arm(())
                self._warm.append((own, part))

    def _fresh(self) -> tuple[Faults, Part]:
        faults = Faults()
        return faults, self._start(Clients(self._stage, faults))


class Stage:
    """Everything, ready to run."""

    def __init__(
        self,
        *,
        mapping: MappingSettings | None = None,
        gone: Iterable[str] = (),
        keeps_sources: bool = True,
    ) -> None:
        self.clock = Clock()
        self.calls = 0
        self.struck: list[str] = []
        self._keeps_sources = keeps_sources
        self.dynamodb = FakeDynamoDb(PAGE_ITEMS)
        create_table(self.dynamodb)
        self.s3 = FakeS3(OUTPUT, TEMP)
        self.kinesis = FakeKinesis(STREAM, self.clock, shards=SHARDS)
        self.dead_letters = FakeQueue(self.clock, visibility_s=VISIBILITY_S)
        self.queue = FakeQueue(
            self.clock, visibility_s=VISIBILITY_S, dead_letters=self.dead_letters
        )
        self.sent_bodies: list[str] = []
        self.drained: list[Event] = []
        self.bus = self._bus()
        self.covers = Covers(gone)
        self._threads = InlineExecutor()
        self.windowing = Fleet(self, self._windowing)
        self.sweeper = Fleet(self, self._sweeper)
        self.collage = Fleet(self, self._collage)
        self.lanes = self._lanes(mapping or MappingSettings(batch_size=4, bisects=True))
        self._windowing_faults: Iterable[Fault] = ()
        self._requests = 0

    def noted(self, faults: Faults) -> None:
        """Add a process's log to the whole run's."""
        self.calls += len(faults.calls)
        self.struck += faults.struck
        faults.calls.clear()
        faults.struck.clear()

    def registry(self, clients: Clients) -> BatchRegistry:
        """Return the batches, as one process sees them."""
        return BatchRegistry(clients.dynamodb, TABLE, self.clock)

    def deliver(self, lane: int, faults: Iterable[Fault] = ()) -> bool:
        """Let a lane of the stream's mapping invoke the windowing function once."""
        return self._with(faults, self.lanes[lane].poll)

    def deliver_again(
        self, lane: int, start: int, stop: int, cuts: Iterable[int], faults: Iterable[Fault] = ()
    ) -> None:
        """Deliver records again that were delivered before."""
        self._with(faults, lambda: self.lanes[lane].again(start, stop, list(cuts)))

    def sweep(self, faults: Iterable[Fault] = ()) -> None:
        """Let the sweeper run, as it does each minute; a failed run is followed by the next."""
        with suppress(CoverstreamError, KilledError):
            self.sweeper.run(faults, Sweeper.sweep)

    def sweep_drained(self, faults: Iterable[Fault] = ()) -> None:
        """Let the sweeper see the events of drained batches that wait for it."""
        while self.drained:
            batch_id = self.drained.pop()["detail"]["batch_id"]
            with suppress(CoverstreamError, KilledError):
                self.sweeper.run(faults, lambda part: part.sweep_batch(batch_id, Sweep()))

    def work(self, which: int, faults: Iterable[Fault] = ()) -> None:
        """Let a collage worker take one of the queue's visible messages."""
        message = self.queue.receive(which)
        if message is not None and self.build(message.body, faults) is not None:
            self.queue.delete(message.receipt)

    def build(self, body: str, faults: Iterable[Fault] = ()) -> Outcome | None:
        """Bring one message to its end; None where it has to come again."""
        self._requests += 1
        owner = f"request-{self._requests}"
        with suppress(CoverstreamError, KilledError):
            return self.collage.run(
                faults,
                lambda worker: worker.work(
                    read_message(body), owner=owner, remaining_s=COLLAGE_TIMEOUT_S
                ),
            )
        return None

    def invoke_windowing(self, event: dict[str, Any]) -> Any:  # noqa: ANN401 - the handler's response
        """Call the windowing handler in a process of its own."""
        try:
            return self.windowing.run(
                self._windowing_faults, lambda part: fault_handlers.windowing(part, event)
            )
        except KilledError as error:
            msg = "Runtime exited with error: signal: killed"
            raise RuntimeError(msg) from error
        finally:
            self._windowing_faults = ()

    def _with(self, faults: Iterable[Fault], deliver: Callable[[], Any]) -> Any:  # noqa: ANN401 - what `deliver` returns
        self._windowing_faults = tuple(faults)
        return deliver()

    def _bus(self) -> FakeBus:
        """Return the bus with the rules and the archive that the Pulumi program gives it."""
        ready, drained = [WindowReady.detail_type()], [BatchDrained.detail_type()]
        sources = [Source.WINDOWING.value, Source.SWEEPER.value]
        archive = {"detail-type": ready, "replay-name": [{"exists": False}]}
        bus = FakeBus(BUS, self.clock, archive)
        bus.rules = [
            Rule({"source": sources, "detail-type": ready}, self._enqueue),
            Rule(
                {"source": [{"prefix": "coverstream."}], "detail-type": drained},
                self.drained.append,
            ),
        ]
        return bus

    def _enqueue(self, event: Event) -> None:
        body = fault_handlers.body_of(event)
        self.sent_bodies.append(body)
        self.queue.send(body)

    def _lanes(self, settings: MappingSettings) -> list[LaneMapping]:
        return [
            LaneMapping(
                self.kinesis,
                shard,
                self.invoke_windowing,
                settings,
                clock=self.clock,
                on_failure=self._keep_failed,
                lane=lane,
            )
            for shard in range(SHARDS)
            for lane in range(settings.parallelization)
        ]

    def _keep_failed(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=OUTPUT, Key=key, Body=body)

    def _windowing(self, clients: Clients) -> Windowing:
        return Windowing(
            store=WindowStore(clients.dynamodb, TABLE),
            emitter=self._emitter(clients, Source.WINDOWING),
            registry=self.registry(clients),
            quarantine=Quarantine(clients.s3, OUTPUT),
            rules=Rules(),
            threads=self._threads,
            clock=self.clock,
        )

    def _sweeper(self, clients: Clients) -> Sweeper:
        return Sweeper(
            store=WindowStore(clients.dynamodb, TABLE),
            emitter=self._emitter(clients, Source.SWEEPER),
            registry=self.registry(clients),
            dynamodb=clients.dynamodb,
            table_name=TABLE,
            threads=self._threads,
            clock=self.clock,
        )

    def _emitter(self, clients: Clients, source: Source) -> Emitter:
        return Emitter(
            events=clients.events,
            dynamodb=clients.dynamodb,
            s3=clients.s3,
            bus=BUS,
            table_name=TABLE,
            temp_bucket=TEMP,
            source=source,
            threads=self._threads,
            clock=self.clock,
        )

    def _collage(self, clients: Clients) -> CollageWorker:
        temp = TempStore(clients.s3, TEMP)
        outputs = Outputs(clients.s3, OUTPUT, copies_by_creator=True, threads=self._threads)
        return CollageWorker(
            windows=Windows(clients.dynamodb, TABLE, self.clock),
            outputs=outputs,
            temp=temp,
            builder=StubBuilder(self.covers, temp, keeps_sources=self._keeps_sources),  # type: ignore[arg-type]
            publisher=Publisher(outputs, Announcer(clients.events, BUS), self.clock),
            clock=self.clock,
        )


__all__ = ["Message", "Stage"]
