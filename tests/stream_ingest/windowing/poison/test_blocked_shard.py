"""A record on which the function fails, behind Lambda's mapping as the stack sets it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stream_ingest.contracts.errors import TransientError
from stream_ingest.windowing.delivery import POISON_AFTER_S, read_delivery
from stream_ingest.windowing.handler import respond
from stream_ingest.windowing.poison.attempts import Attempts
from tests.fakes.ingest.aws import OUTPUT, TEMP, FailingStore, IngestAws
from tests.fakes.ingest.rows import cover_row, header, record_of
from tests.faults.harness.aws.kinesis import FakeKinesis
from tests.faults.harness.aws.mapping import LaneMapping, MappingSettings

GOOD = ("ann", "ben", "cat", "dee", "eve", "fay")
AGE_S = 82_800


class KilledProcess(Attempts):
    """Marks of a process that is killed before it can remove any."""

    def _remove(self, key: str) -> None:
        """Leave the mark."""


class Shard:
    """A shard with good records around one of bad, and the real stream processor."""

    def __init__(self, aws: IngestAws) -> None:
        self.aws, self.discarded = aws, list[str]()
        self.stream = FakeKinesis("s", aws.clock, shards=1)
        for name in (*GOOD[:3], "bad", *GOOD[3:]):
            data = record_of([cover_row(1, name)], header())
            self.stream.put_records(StreamName="s", Records=[{"PartitionKey": name, "Data": data}])

    def run(self, handle: Callable[[dict[str, Any]], Any]) -> float:
        """Deliver until nothing is left, one delivery in ten seconds; return how long it took."""
        lane = LaneMapping(
            self.stream,
            0,
            handle,
            MappingSettings(bisects=True, max_record_age_s=AGE_S),
            clock=self.aws.clock,
            on_failure=lambda key, _: self.discarded.append(key),
        )
        began = self.aws.clock()
        while not lane.is_done:
            lane.poll()
            self.aws.clock.advance(10)
        return self.aws.clock() - began

    def check(self) -> None:
        """Check that the bad record alone is quarantined, and all others are folded."""
        assert self.discarded == []
        listed = self.aws.s3.list_objects_v2(Bucket=OUTPUT, Prefix="failed/records/")
        assert len(listed["Contents"]) == 1
        states = self.aws.store.load([*GOOD, "bad"])
        assert {name for name, state in states.items() if state.open_images} == set(GOOD)


def test_a_record_on_which_the_code_fails_blocks_its_shard_for_minutes(aws: IngestAws) -> None:
    def fail(_step: str, creator: str) -> None:
        if creator == "bad":
            raise KeyError(creator)

    windowing, shard = aws.windowing(FailingStore(aws, fail)), Shard(aws)

    def handle(event: dict[str, Any]) -> Any:  # noqa: ANN401 - a response
        result = windowing.process(read_delivery(event, aws.clock()))
        return respond(result.failures, trusted=True)

    assert shard.run(handle) < POISON_AFTER_S + 120
    shard.check()


def test_a_record_that_kills_the_process_blocks_its_shard_for_minutes(
    aws: IngestAws,
) -> None:
    windowing, shard = aws.windowing(), Shard(aws)
    killed = KilledProcess(aws.s3, TEMP, aws.clock)

    def handle(event: dict[str, Any]) -> Any:  # noqa: ANN401 - a response
        delivery = read_delivery(event, aws.clock())
        if "bad" in delivery.creators:
            with killed.counted(delivery) as counted:
                if counted.creators:
                    raise MemoryError
        return respond(windowing.process(delivery).failures, trusted=True)

    assert shard.run(handle) < POISON_AFTER_S + 240
    shard.check()


def test_an_outage_of_hours_discards_and_quarantines_nothing(aws: IngestAws) -> None:
    ends_at, shard = aws.clock() + 20 * 3_600, Shard(aws)

    def throttled(_step: str, creator: str) -> None:
        if aws.clock() < ends_at:
            raise TransientError(creator)

    windowing = aws.windowing(FailingStore(aws, throttled))

    def handle(event: dict[str, Any]) -> Any:  # noqa: ANN401 - a response
        aws.clock.advance(600)
        result = windowing.process(read_delivery(event, aws.clock()))
        return respond(result.failures, trusted=True)

    shard.run(handle)
    assert shard.discarded == []
    assert "Contents" not in aws.s3.list_objects_v2(Bucket=OUTPUT, Prefix="failed/records/")
    assert all(state.open_images for state in aws.store.load([*GOOD, "bad"]).values())
