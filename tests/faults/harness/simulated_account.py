"""A simulated AWS account: what outlives a process, and the services that invoke the functions.

Table, stream, bus, queues, buckets and clock last; processes come from `ProcessPool`s. Each method
is one invocation, and its faults are those of the invoked process. Errors that a function raises on
purpose end here as they do in Lambda (the batch or message is redelivered); bugs are raised.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from collage_lambda.messages import read_expiring, read_message
from collage_lambda.outcomes import WindowOutcome
from collage_lambda.prefetch.prefetcher import PrefetchResult
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import CoverstreamError
from stream_ingest.contracts.events import BatchDrained, CoversExpiring, WindowReady, sources_of
from stream_ingest.contracts.events import Event as DomainEvent
from stream_ingest.contracts.naming import split_window_id
from stream_ingest.windowing.sweeper.isolation import raise_errors
from tests.fakes.ingest.aws import BUS, OUTPUT, TEMP, create_table
from tests.fakes.ingest.clock import Clock
from tests.faults.harness import handlers, wiring
from tests.faults.harness.aws.bus import Event, FakeBus, Rule
from tests.faults.harness.aws.dynamodb import FakeDynamoDb
from tests.faults.harness.aws.errors import KilledError
from tests.faults.harness.aws.kinesis import FakeKinesis
from tests.faults.harness.aws.mapping import LaneMapping, MappingSettings
from tests.faults.harness.aws.s3 import FakeS3
from tests.faults.harness.aws.sqs import FakeQueue
from tests.faults.harness.fake_images import FakeCdn
from tests.faults.harness.files.service import FileService
from tests.faults.harness.injector import Fault, Faults
from tests.faults.harness.process_pool import ProcessPool
from tests.faults.harness.window_mapping import WindowMapping

STREAM = "coverstream-test"
COLLAGE_TIMEOUT_S = 120
VISIBILITY_S = 6 * COLLAGE_TIMEOUT_S
"""As in pulumi/components/messaging/delivery.py."""
SHARDS = 2
MAX_RECEIVES = 3
PAGE_ITEMS = 7
"""Small, so that every query has pages."""
Schedule = dict[tuple[str, int], tuple[Fault, ...]]
"""Faults by kind of process and invocation (0 is the first)."""
_EXPIRING = CoversExpiring.detail_type()
_ON_PURPOSE = (CoverstreamError, ClientError, KilledError)


@dataclass(frozen=True, slots=True)
class Invocation:
    """One invocation of a kind of process, and the calls that it made."""

    name: str
    calls: tuple[str, ...]


class SimulatedAccount:
    """All services of one stack, ready to run."""

    def __init__(  # noqa: PLR0913 - what a history may have
        self,
        *,
        mapping: MappingSettings | None = None,
        gone: Iterable[str] = (),
        keep_originals: bool = True,
        prefetch: bool = False,
        contents: bool = False,
        file_receives: int = 0,
    ) -> None:
        self.clock, self.covers = Clock(), FakeCdn(gone, shared_bytes=contents)
        self.keep_originals, self.prefetch_covers = keep_originals, prefetch
        mapping = mapping or MappingSettings(batch_size=4, bisects=True)
        self.delivery_s = mapping.delivery_s
        self.contents = contents
        self.dynamodb, self.s3 = FakeDynamoDb(PAGE_ITEMS), FakeS3(OUTPUT, TEMP, clock=self.clock)
        create_table(self.dynamodb)
        self.kinesis = FakeKinesis(STREAM, self.clock, shards=SHARDS)
        self.dead_letters = FakeQueue(self.clock, visibility_s=VISIBILITY_S)
        self.queue = FakeQueue(
            self.clock,
            visibility_s=VISIBILITY_S,
            max_receives=MAX_RECEIVES,
            dead_letters=self.dead_letters,
        )
        self.prefetch_queue = FakeQueue(
            self.clock, visibility_s=VISIBILITY_S, max_receives=MAX_RECEIVES
        )
        """Prefetch requests; those that failed too often are redriven immediately."""
        self.failed_again = set[str]()
        """Packs of prefetch requests whose redelivery failed, which nobody repeats."""
        self.bodies: list[str] = []  # every message that was ever sent to the queue
        self.drained: list[Event] = []  # those for which the sweeper has not been invoked yet
        self.bus = self._bus()
        self.files = FileService(self, file_receives) if file_receives else None
        self.windowing = ProcessPool(self, "windowing", wiring.stream_processor)
        self.sweeper = ProcessPool(self, "sweeper", wiring.sweeper)
        self.workers = ProcessPool(self, "collage", wiring.collage_worker)
        self.windows = WindowMapping(self, timeout_s=COLLAGE_TIMEOUT_S)
        self.prefetchers = ProcessPool(self, "prefetch", wiring.prefetcher)
        self.lanes = self._lanes(mapping)
        self.invocations: list[Invocation] = []
        self.injected: list[str] = []
        self.schedule: Schedule = {}
        """The faults of invocations that are called without any."""
        self._started: Counter[str] = Counter()
        self._windowing_faults: tuple[Fault, ...] = ()
        self._requests = 0

    def scheduled(self, name: str) -> tuple[Fault, ...]:
        """Count an invocation of a kind of process and return its scheduled faults."""
        number = self._started[name]
        self._started[name] += 1
        return self.schedule.get((name, number), ())

    def record(self, name: str, faults: Faults) -> None:
        """Add the calls and faults of an invocation to the log of the run."""
        self.invocations.append(Invocation(name, tuple(faults.calls)))
        self.injected += faults.injected
        faults.calls.clear()
        faults.injected.clear()

    def emitted(self, kind: type[DomainEvent]) -> list[dict[str, Any]]:
        """Return the details of all events of one type on the bus, in order."""
        name = kind.detail_type()
        return [event["detail"] for event in self.bus.received if event["detail-type"] == name]

    def deliver(self, lane: int, faults: Iterable[Fault] = ()) -> bool:
        """Invoke the windowing function through the mapping once; return False without records."""
        self._windowing_faults = tuple(faults)
        polled = self.lanes[lane].poll()
        self._windowing_faults = ()  # of records that were only discarded, too
        return polled

    def redeliver(
        self,
        lane: int,
        start: int,
        stop: int,
        *,
        cuts: Iterable[int] = (),
        faults: Iterable[Fault] = (),
    ) -> None:
        """Redeliver records, cut into pieces; `faults` apply to the first piece.

        Nothing is delivered that is old enough to be discarded.
        """
        if self.lanes[lane].has_aged(start, stop):
            return
        self._windowing_faults = tuple(faults)
        self.lanes[lane].redeliver(start, stop, list(cuts))

    def sweep(self, faults: Iterable[Fault] = ()) -> None:
        """Run the sweeper, as every minute; the next run follows a failed one."""
        self._call(self.sweeper, faults, lambda part: raise_errors(part.sweep()))

    def sweep_drained(self, faults: Iterable[Fault] = ()) -> None:
        """Invoke the sweeper with the last event of a drained batch, if there is one."""
        if self.drained:
            batch_id = self.drained.pop()["detail"]["batch_id"]
            self._call(self.sweeper, faults, lambda part: raise_errors(part.sweep_batch(batch_id)))

    def work(
        self, which: int = 0, faults: Iterable[Fault] = (), together: int = 1
    ) -> list[WindowOutcome]:
        """Invoke a collage worker with up to `together` visible messages."""
        return self.windows.invoke(which, together, faults)

    def next_request(self) -> str:
        """Return the id of the next invocation of a collage worker."""
        self._requests += 1
        return f"request-{self._requests}"

    def build(self, body: str, faults: Iterable[Fault] = ()) -> WindowOutcome | None:
        """Invoke a collage worker with a message body; return None if the invocation failed."""
        owner = self.next_request()
        outcome: WindowOutcome | None = self._call(
            self.workers,
            faults,
            lambda worker: worker.work(
                read_message(body), owner=owner, remaining_s=COLLAGE_TIMEOUT_S
            ),
        )
        return outcome

    def prefetch(self, which: int = 0, faults: Iterable[Fault] = ()) -> PrefetchResult | None:
        """Invoke a prefetcher with a visible request; return None if SQS has to redeliver it."""
        message = self.prefetch_queue.receive(which)
        if message is None:
            return None
        prefetched = self._prefetch(message.body, faults)
        if prefetched is not None:
            self.prefetch_queue.delete(message.receipt)
        return prefetched

    def redeliver_prefetch(self, which: int, faults: Iterable[Fault] = ()) -> None:
        """Redeliver a prefetch request."""
        requests = [event for event in self.bus.received if event["detail-type"] == _EXPIRING]
        if requests:
            event = requests[which % len(requests)]
            if self._prefetch(json.dumps(event), faults) is None:
                self.failed_again.add(event["detail"]["pack"])

    def _prefetch(self, body: str, faults: Iterable[Fault]) -> PrefetchResult | None:
        prefetched: PrefetchResult | None = self._call(
            self.prefetchers,
            faults,
            lambda prefetcher: prefetcher.prefetch(read_expiring(body), COLLAGE_TIMEOUT_S),
        )
        return prefetched

    def has_ended(self, window_id: str) -> bool:
        """Return whether a window has had a collage, and so may have released its covers."""
        key, number = split_window_id(window_id)
        return "collage_key" in self.dynamodb.items.get((key, table.window_item(number)), {})

    def invoke_windowing(self, event: dict[str, Any]) -> Any:  # noqa: ANN401 - the handler's response
        """Call the windowing handler; expected errors become Lambda's function errors."""
        faults, self._windowing_faults = self._windowing_faults, ()
        try:
            return self.windowing.run(faults, lambda app: handlers.handle(app, event))
        except _ON_PURPOSE as error:
            msg = f"function error: {error!r}"
            raise RuntimeError(msg) from error
        except Exception as error:
            msg = f"a bug in the windowing function: {error!r}"
            raise AssertionError(msg) from error

    @staticmethod
    def _call(pool: ProcessPool[Any], faults: Iterable[Fault], work: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - what `work` returns
        try:
            return pool.run(faults, work)
        except _ON_PURPOSE:
            return None

    def _bus(self) -> FakeBus:
        """Return the bus with the archive and the rules of the Pulumi program."""
        ready, drained = [WindowReady.detail_type()], [BatchDrained.detail_type()]
        archived = {"source": [*sources_of(WindowReady)], "detail-type": ready}
        bus = FakeBus(BUS, self.clock, archived | {"replay-name": [{"exists": False}]})
        bus.rules = [
            Rule({"source": [*sources_of(WindowReady)], "detail-type": ready}, self._enqueue),
            Rule(
                {"source": [*sources_of(CoversExpiring)], "detail-type": [_EXPIRING]},
                lambda event: self.prefetch_queue.send(json.dumps(event)),
            ),
            Rule(
                {"source": [*sources_of(BatchDrained)], "detail-type": drained}, self.drained.append
            ),
        ]
        return bus

    def _enqueue(self, event: Event) -> None:
        """Send a window's message; asserts that the window was written before its event."""
        key, number = split_window_id(event["detail"]["window_id"])
        assert (key, table.window_item(number)) in self.dynamodb.items, (
            "emitted before it was written"
        )
        self.bodies.append(json.dumps(event))
        self.queue.send(self.bodies[-1])

    def replace_lanes(self, settings: MappingSettings) -> None:
        """Replace the mapping by a new one, which begins at the oldest record."""
        self.lanes = self._lanes(settings)

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
