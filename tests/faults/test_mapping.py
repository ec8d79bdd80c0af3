"""The simulator of Lambda's mapping keeps each rule of AWS (docs/facts.md#kinesis-mapping)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.fakes.ingest.clock import Clock
from tests.faults.harness.aws.kinesis import FakeKinesis
from tests.faults.harness.aws.mapping import InvocationThrottledError, LaneMapping, MappingSettings

Respond = Callable[[list[str]], Any]
SUCCESS: dict[str, Any] = {"batchItemFailures": []}


class Bench:
    """A stream of one shard, a mapping, and a function that notes what it was given."""

    def __init__(self, respond: Respond = lambda _: SUCCESS, **settings: Any) -> None:  # noqa: ANN401 - of the mapping
        self.clock = Clock()
        self.stream = FakeKinesis("s", self.clock, shards=1)
        self.respond, self.given = respond, list[list[str]]()
        self.stored: list[dict[str, Any]] = []
        self.mapping = LaneMapping(
            self.stream,
            0,
            self.invoke,
            MappingSettings(**settings),
            clock=self.clock,
            on_failure=lambda _, body: self.stored.append(json.loads(body)),
        )

    def put(self, *names: str) -> None:
        for name in names:
            self.stream.put_records(
                StreamName="s", Records=[{"PartitionKey": name[0], "Data": name.encode()}]
            )

    def poll(self, times: int = 1) -> list[list[str]]:
        """Poll, and return what the function was given meanwhile."""
        self.given.clear()
        for _ in range(times):
            self.mapping.poll()
        return list(self.given)

    def sequence(self, index: int) -> str:
        return str(self.stream.shards[0][index].sequence)

    def invoke(self, event: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever is to be tried
        entries = [entry["kinesis"] for entry in event["Records"]]
        names = [base64.b64decode(entry["data"]).decode() for entry in entries]
        self.given.append(names)
        return self.respond([entry["sequenceNumber"] for entry in entries])


def broken(_: list[str]) -> Any:  # noqa: ANN401 - never returns
    msg = "function error"
    raise RuntimeError(msg)


def failing(*indexes: int) -> Respond:
    """Report the records at these places of a batch."""
    return lambda given: {"batchItemFailures": [{"itemIdentifier": given[i]} for i in indexes]}


def test_records_are_delivered_in_order_in_batches_of_at_most_the_batch_size() -> None:
    bench = Bench(batch_size=2)
    bench.put("a1", "a2", "a3")
    assert bench.poll(3) == [["a1", "a2"], ["a3"]]
    assert bench.mapping.is_done


def test_a_later_batch_waits_until_the_earlier_one_is_done() -> None:
    bench = Bench(broken, batch_size=1)
    bench.put("a1", "a2")
    assert bench.poll(4) == [["a1"]] * 4
    bench.respond = lambda _: SUCCESS
    assert bench.poll(2) == [["a1"], ["a2"]]


@pytest.mark.parametrize(
    "response",
    [None, {}, SUCCESS, {"batchItemFailures": None}, {"something": ["else"]}, ""],
)
def test_an_empty_or_missing_list_of_failures_is_success(response: object) -> None:
    bench = Bench(lambda _: response)
    bench.put("a1", "a2")
    assert bench.poll(2) == [["a1", "a2"]]


@pytest.mark.parametrize(
    "failure",
    [{"itemIdentifier": ""}, {"itemIdentifier": None}, {"itemId": "1"}, {"itemIdentifier": "404"}],
)
def test_an_invalid_response_fails_the_whole_batch(failure: dict[str, Any]) -> None:
    bench = Bench(lambda _: {"batchItemFailures": [failure]})
    bench.put("a1", "a2")
    assert bench.poll(2) == [["a1", "a2"]] * 2
    assert bench.mapping.checkpoint == 0


@pytest.mark.parametrize("bisects", [True, False])
def test_all_records_from_the_lowest_reported_one_are_redelivered(bisects: bool) -> None:  # noqa: FBT001 - both ways
    bench = Bench(failing(3, 1), bisects=bisects)
    bench.put("a1", "a2", "a3", "a4")
    assert bench.poll() == [["a1", "a2", "a3", "a4"]]
    assert bench.mapping.checkpoint == 1
    bench.respond = lambda _: SUCCESS
    assert bench.poll(2) == [["a2", "a3", "a4"]]


def test_reported_failures_are_ignored_without_report_batch_item_failures() -> None:
    bench = Bench(failing(0), reports=False)
    bench.put("a1")
    assert bench.poll(2) == [["a1"]]


def test_an_error_without_bisecting_repeats_the_batch() -> None:
    bench = Bench(broken)
    bench.put("a1", "a2", "a3")
    assert bench.poll(3) == [["a1", "a2", "a3"]] * 3


def test_bisecting_halves_a_failed_batch_down_to_the_record_that_fails() -> None:
    bench = Bench(bisects=True)
    bench.put("a1", "a2", "a3", "a4")
    poison = bench.sequence(2)
    bench.respond = lambda given: broken(given) if poison in given else SUCCESS
    assert bench.poll(6) == [
        ["a1", "a2", "a3", "a4"],
        ["a1", "a2"],
        ["a3", "a4"],
        ["a3"],
        ["a3"],
        ["a3"],
    ]


def test_bisecting_uses_no_retry() -> None:
    bench = Bench(bisects=True, max_retries=0)
    bench.put("a1", "a2", "a3", "a4")
    poison = bench.sequence(0)
    bench.respond = lambda given: broken(given) if poison in given else SUCCESS
    assert bench.poll(9)[-2:] == [["a2"], ["a3", "a4"]]
    assert [info["KinesisBatchInfo"]["batchSize"] for info in bench.stored] == [1]


def test_a_cut_at_the_reported_record_uses_no_retry() -> None:
    bench = Bench(failing(-1), bisects=True, max_retries=0)
    bench.put("a1", "a2", "a3")
    assert bench.poll(2) == [["a1", "a2", "a3"], ["a3"]]
    assert [info["KinesisBatchInfo"]["startSequenceNumber"] for info in bench.stored] == [
        bench.sequence(2)
    ]


def test_reports_of_the_first_record_count_as_retries() -> None:
    bench = Bench(failing(0), bisects=True, max_retries=2)
    bench.put("a1")
    assert bench.poll(5) == [["a1"]] * 3
    assert bench.mapping.is_done


def test_retries_are_unlimited_by_default() -> None:
    bench = Bench(broken)
    bench.put("a1")
    assert len(bench.poll(500)) == 500


def test_a_batch_that_exhausts_its_retries_goes_with_its_data_to_the_destination() -> None:
    bench = Bench(broken, max_retries=1)
    bench.put("a1", "a2")
    bench.poll(2)
    (stored,) = bench.stored
    assert stored["requestContext"]["condition"] == "RetryAttemptsExhausted"
    records = json.loads(stored["payload"])["Records"]
    assert [base64.b64decode(each["kinesis"]["data"]) for each in records] == [b"a1", b"a2"]
    bench.respond = lambda _: SUCCESS
    bench.put("a3")
    assert bench.poll(2) == [["a3"]], "the shard continues"


def test_a_record_that_is_too_old_is_discarded_before_it_is_delivered() -> None:
    bench = Bench(max_record_age_s=60)
    bench.put("a1")
    bench.clock.advance(61)
    bench.put("a2")
    assert bench.poll(2) == [["a2"]]
    assert [each["requestContext"]["condition"] for each in bench.stored] == ["RecordAgeExceeded"]


def test_records_have_no_age_limit_by_default() -> None:
    bench = Bench()
    bench.put("a1")
    bench.clock.advance(6 * 86_400)
    assert bench.poll() == [["a1"]]


def test_a_throttled_invocation_is_repeated_and_uses_no_retry() -> None:
    def throttled(_: list[str]) -> Any:  # noqa: ANN401 - never returns
        raise InvocationThrottledError

    bench = Bench(throttled, max_retries=0)
    bench.put("a1")
    assert bench.poll(9) == [["a1"]] * 9
    assert not bench.stored


def test_a_throttled_invocation_is_repeated_until_its_records_are_too_old() -> None:
    def throttled(_: list[str]) -> Any:  # noqa: ANN401 - never returns
        raise InvocationThrottledError

    bench = Bench(throttled, max_retries=0, max_record_age_s=60)
    bench.put("a1")
    bench.poll(9)
    bench.clock.advance(61)
    assert bench.poll() == []
    assert [each["requestContext"]["condition"] for each in bench.stored] == ["RecordAgeExceeded"]


def test_a_record_may_become_too_old_while_it_is_retried() -> None:
    bench = Bench(broken, max_record_age_s=60)
    bench.put("a1", "a2")
    bench.poll(2)
    bench.clock.advance(61)
    assert bench.poll() == []
    (stored,) = bench.stored
    assert len(json.loads(stored["payload"])["Records"]) == 2
    assert bench.mapping.is_done


def test_lanes_keep_the_order_of_each_partition_key() -> None:
    bench = Bench(parallelization=2)
    names = ["a1", "b1", "a2", "c1", "b2", "a3", "d1"]
    bench.put(*names)
    given: dict[str, list[str]] = {}
    settings = MappingSettings(parallelization=2, batch_size=2)
    for lane in range(2):
        mapping = LaneMapping(
            bench.stream,
            0,
            bench.invoke,
            settings,
            clock=bench.clock,
            on_failure=lambda *_: None,
            lane=lane,
        )
        while mapping.poll():
            for name in bench.given.pop():
                given.setdefault(name[0], []).append(name)
    assert given == {"a": ["a1", "a2", "a3"], "b": ["b1", "b2"], "c": ["c1"], "d": ["d1"]}


def test_delivered_records_can_be_redelivered_in_any_split() -> None:
    bench = Bench(batch_size=4)
    bench.put("a1", "a2", "a3", "a4")
    bench.poll()
    bench.given.clear()
    bench.mapping.redeliver(1, 4, [1])
    assert bench.given == [["a2"], ["a3", "a4"]]
    assert bench.mapping.checkpoint == 4


def test_a_redelivery_stops_at_the_first_failure() -> None:
    """Otherwise a record would overtake one of its own partition key, which AWS never does."""
    bench = Bench(broken)
    bench.put("a1", "a2")
    bench.mapping.redeliver(1, 2, [1])
    assert bench.given == [["a1"]]
