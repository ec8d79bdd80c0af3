"""Each record is discarded or spoiled once, at each call; the sweeper fails while it ends a batch.

`test_histories` mixes this with everything else.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import replace
from itertools import count

import pytest

from stream_ingest.contracts.settings import BATCH_END, FlushPolicy
from tests.faults.harness.checks.discarded import check_after_discarding
from tests.faults.harness.history import BatchPlan, History, Push, Spoil
from tests.faults.harness.history_runner import run_to_end
from tests.faults.harness.injector import Fault, Kind
from tests.faults.harness.simulated_account import Schedule

ALL, MANY = 99, 200
SCENARIO = History(
    batches=(
        BatchPlan(3, FlushPolicy(idle_s=7_200), tuple((n % 3, n % 8) for n in range(12)), 8),
        BatchPlan(3, BATCH_END, tuple((n % 3, n % 11) for n in range(4, 14)), 20, refused=1),
    ),
    steps=(Push(0, ALL), Push(1, ALL)),
    batch_size=10,
    max_retries=0,
    max_record_age_s=3_600,
)
READS = {"dynamodb.query", "dynamodb.batch_get_item", "dynamodb.get_item"}
WRITES = {
    *("dynamodb.update_item", "dynamodb.put_item", "dynamodb.transact_write_items"),
    *("s3.put_object", "events.put_events"),
}
ENDS = {"dynamodb.update_item", "events.put_events"}
SLOW = [pytest.param(kind, marks=pytest.mark.slow) for kind in (Kind.KILLED_BEFORE, Kind.LOST)]
NO_MARK: Schedule = {
    ("windowing", number): (Fault(Kind.DENIED, operation="update_item", times=ALL),)
    for number in range(MANY)
}


def calls_of(
    name: str, wanted: Container[str], schedule: Schedule | None = None
) -> Iterator[tuple[int, int]]:
    """Yield some calls of a kind of process, as its invocation and its number in that."""
    with run_to_end(SCENARIO, schedule) as run:
        made = [each.calls for each in run.account.invocations if each.name == name]
    for number, calls in enumerate(made):
        yield from ((number, nth) for nth, call in enumerate(calls) if call in wanted)


@pytest.mark.parametrize("kind", [Kind.DENIED, *SLOW])
def test_what_lambda_discards_at_any_call_is_in_windows_once_it_is_redriven(kind: Kind) -> None:
    for number, nth in calls_of("windowing", READS | WRITES):
        schedule: Schedule = {("windowing", number): (Fault(kind, nth, times=ALL),)}
        with run_to_end(SCENARIO, schedule) as run:
            assert run.account.injected
            check_after_discarding(run)


def test_any_record_that_arrives_spoiled_costs_only_itself() -> None:
    for others in count():
        scenario = replace(SCENARIO, steps=(Spoil(others), *SCENARIO.steps))
        with run_to_end(scenario) as run:
            if not run.account.kinesis.spoiled:
                assert others > 4, "nothing was sent"
                return
            check_after_discarding(run)


@pytest.mark.parametrize("kind", [Kind.KILLED_AFTER, *SLOW])
def test_a_batch_ends_without_marks_whichever_write_of_the_sweeper_fails(kind: Kind) -> None:
    writes = ENDS if kind is Kind.KILLED_AFTER else WRITES
    for number, nth in calls_of("sweeper", writes, NO_MARK):
        schedule = NO_MARK | {("sweeper", number): (Fault(kind, nth),)}
        with run_to_end(SCENARIO, schedule) as run:
            assert run.account.injected
            check_after_discarding(run)
