"""Everything that outlives a process, and the AWS machinery that calls the functions.

Table, stream, bus, queue, buckets and clock last; processes come from `Fleet`s. Each method is one
invocation: faults are those of the process that is called. What a function may raise on purpose
ends here as it does in Lambda (the batch or the message comes again); a bug is not swallowed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from collage_lambda.messages import read_expiring, read_message
from collage_lambda.prefetch.prefetcher import PrefetchResult
from collage_lambda.worker import Outcome
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import CoverstreamError
from stream_ingest.contracts.events import BatchDrained, CoversExpiring, Source, WindowReady
from stream_ingest.contracts.events import Event as DomainEvent
from stream_ingest.contracts.naming import split_window_id
from stream_ingest.windowing.sweeper.sweeper import Sweep, Sweeper
from tests.fakes.ingest.aws import BUS, OUTPUT, TEMP, create_table
from tests.fakes.ingest.clock import Clock
from tests.faults.harness import handlers, parts
from tests.faults.harness.aws.bus import Event, FakeBus, Rule
from tests.faults.harness.aws.dynamodb import FakeDynamoDb
from tests.faults.harness.aws.errors import KilledError
from tests.faults.harness.aws.kinesis import FakeKinesis
from tests.faults.harness.aws.mapping import LaneMapping, MappingSettings
from tests.faults.harness.aws.s3 import FakeS3
from tests.faults.harness.aws.sqs import FakeQueue
from tests.faults.harness.fleet import Fleet
from tests.faults.harness.injector import Fault, Faults
from tests.faults.harness.studio import Covers

STREAM = "coverstream-test"
COLLAGE_TIMEOUT_S = 120
VISIBILITY_S = 6 * COLLAGE_TIMEOUT_S
"""What pulumi/components/messaging/delivery.py gives the queue."""
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


class Stage:
    """Everything, ready to run."""

    def __init__(
        self,
        *,
        mapping: MappingSettings | None = None,
        gone: Iterable[str] = (),
        keep_originals: bool = True,
        prefetch: bool = False,
    ) -> None:
        self.clock, self.covers = Clock(), Covers(gone)
        self.keep_originals, self.prefetch = keep_originals, prefetch
        self.dynamodb, self.s3 = FakeDynamoDb(PAGE_ITEMS), FakeS3(OUTPUT, TEMP)
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
        """Prefetch requests; those that failed too often are redriven at once."""
        self.bodies: list[str] = []
        """Every message that was ever put on the queue."""
        self.drained: list[Event] = []
        """Events that wait for the sweeper's invocation."""
        self.bus = self._bus()
        self.windowing = Fleet(self, "windowing", parts.windowing)
        self.sweeper = Fleet(self, "sweeper", parts.sweeper)
        self.workers = Fleet(self, "collage", parts.collage_worker)
        self.prefetchers = Fleet(self, "prefetch", parts.prefetcher)
        self.lanes = self._lanes(mapping or MappingSettings(batch_size=4, bisects=True))
        self.invocations: list[Invocation] = []
        self.struck: list[str] = []
        self.schedule: Schedule = {}
        """For invocations that are given no faults of their own."""
        self._begun: Counter[str] = Counter()
        self._windowing_faults: tuple[Fault, ...] = ()
        self._requests = 0

    def scheduled(self, name: str) -> tuple[Fault, ...]:
        """Begin an invocation of a kind of process; return the faults that it is to meet."""
        number = self._begun[name]
        self._begun[name] += 1
        return self.schedule.get((name, number), ())

    def note(self, name: str, faults: Faults) -> None:
        """Add what an invocation did to the log of the whole run."""
        self.invocations.append(Invocation(name, tuple(faults.calls)))
        self.struck += faults.struck
        faults.calls.clear()
        faults.struck.clear()

    def told(self, kind: type[DomainEvent]) -> list[dict[str, Any]]:
        """Return the details of one type of event that were put on the bus, in order."""
        name = kind.detail_type()
        return [event["detail"] for event in self.bus.heard if event["detail-type"] == name]

    def deliver(self, lane: int, faults: Iterable[Fault] = ()) -> bool:
        """Let the stream's mapping invoke the windowing function once; False without records."""
        self._windowing_faults = tuple(faults)
        return self.lanes[lane].poll()

    def deliver_again(
        self,
        lane: int,
        start: int,
        stop: int,
        *,
        cuts: Iterable[int] = (),
        faults: Iterable[Fault] = (),
    ) -> None:
        """Deliver records that were delivered before; `faults` meet the first piece."""
        self._windowing_faults = tuple(faults)
        self.lanes[lane].again(start, stop, list(cuts))

    def sweep(self, faults: Iterable[Fault] = ()) -> None:
        """Let the sweeper run, as it does each minute; a failed run is followed by the next."""
        self._call(self.sweeper, faults, Sweeper.sweep)

    def sweep_drained(self, faults: Iterable[Fault] = ()) -> None:
        """Let the sweeper see an event of a drained batch that waits for it."""
        if self.drained:
            batch_id = self.drained.pop()["detail"]["batch_id"]
            self._call(self.sweeper, faults, lambda part: part.sweep_batch(batch_id, Sweep()))

    def work(self, which: int = 0, faults: Iterable[Fault] = ()) -> Outcome | None:
        """Let a collage worker take one of the visible messages; None where it has to come again.

        The function is given one message at a time (pulumi/components/compute/collage.py).
        """
        message = self.queue.receive(which)
        if message is None:
            return None
        outcome = self.build(message.body, faults)
        if outcome is not None:
            self.queue.delete(message.receipt)
        return outcome

    def build(self, body: str, faults: Iterable[Fault] = ()) -> Outcome | None:
        """Let a collage worker bring one message to its end; None where it could not."""
        self._requests += 1
        owner = f"request-{self._requests}"
        outcome: Outcome | None = self._call(
            self.workers,
            faults,
            lambda worker: worker.work(
                read_message(body), owner=owner, remaining_s=COLLAGE_TIMEOUT_S
            ),
        )
        return outcome

    def prefetch(self, which: int = 0, faults: Iterable[Fault] = ()) -> PrefetchResult | None:
        """Let a prefetcher take one of the visible requests; None where it has to come again."""
        message = self.prefetch_queue.receive(which)
        if message is None:
            return None
        prefetched = self._prefetch(message.body, faults)
        if prefetched is not None:
            self.prefetch_queue.delete(message.receipt)
        return prefetched

    def prefetch_again(self, which: int, faults: Iterable[Fault] = ()) -> None:
        """Deliver a prefetch request that was delivered before."""
        told = [event for event in self.bus.heard if event["detail-type"] == _EXPIRING]
        if told:
            self._prefetch(json.dumps(told[which % len(told)]), faults)

    def _prefetch(self, body: str, faults: Iterable[Fault]) -> PrefetchResult | None:
        prefetched: PrefetchResult | None = self._call(
            self.prefetchers,
            faults,
            lambda prefetcher: prefetcher.prefetch(read_expiring(body), COLLAGE_TIMEOUT_S),
        )
        return prefetched

    def has_ended(self, window_id: str) -> bool:
        """Tell whether a window has ever had a collage, and so may have let its covers go."""
        key, number = split_window_id(window_id)
        return "collage_key" in self.dynamodb.items.get((key, table.window_item(number)), {})

    def invoke_windowing(self, event: dict[str, Any]) -> Any:  # noqa: ANN401 - the handler's response
        """Call the windowing handler; whatever fails it on purpose is Lambda's function error."""
        faults, self._windowing_faults = self._windowing_faults, ()
        try:
            return self.windowing.run(faults, lambda part: handlers.windowing(part, event))
        except _ON_PURPOSE as error:
            msg = f"function error: {error!r}"
            raise RuntimeError(msg) from error
        except Exception as error:
            msg = f"a bug in the windowing function: {error!r}"
            raise AssertionError(msg) from error

    @staticmethod
    def _call(fleet: Fleet[Any], faults: Iterable[Fault], work: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - what `work` returns
        try:
            return fleet.run(faults, work)
        except _ON_PURPOSE:
            return None

    def _bus(self) -> FakeBus:
        """Return the bus with the archive and the rules that the Pulumi program gives it."""
        ready, drained = [WindowReady.detail_type()], [BatchDrained.detail_type()]
        sources = [Source.WINDOWING.value, Source.SWEEPER.value]
        bus = FakeBus(BUS, self.clock, {"detail-type": ready, "replay-name": [{"exists": False}]})
        bus.rules = [
            Rule({"source": sources, "detail-type": ready}, self._enqueue),
            Rule(
                {"source": sources, "detail-type": [_EXPIRING]},
                lambda event: self.prefetch_queue.send(json.dumps(event)),
            ),
            Rule(
                {"source": [{"prefix": "coverstream."}], "detail-type": drained},
                self.drained.append,
            ),
        ]
        return bus

    def _enqueue(self, event: Event) -> None:
        """Queue a window's message; an event may be emitted only for what is written."""
        key, number = split_window_id(event["detail"]["window_id"])
        assert (key, table.window_item(number)) in self.dynamodb.items, "emitted, but not written"
        self.bodies.append(json.dumps(event))
        self.queue.send(self.bodies[-1])

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
