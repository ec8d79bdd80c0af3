"""Every AWS call of the pipeline fails once, with every kind of fault.

A small scenario runs without faults to record its calls, then once for each call: with every kind
of fault in the slow suite, with one of them else (`call_sites`). Losses are computed as by
Jepsen's set checker.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

import pytest

from stream_ingest.contracts.settings import BATCH_END, FlushPolicy
from tests.faults.harness.call_sites import KINDS, CallSite, share_of
from tests.faults.harness.checks.invariants import check_invariants
from tests.faults.harness.history import Abandon, BatchPlan, History, Push
from tests.faults.harness.history_runner import run_to_end
from tests.faults.harness.injector import Fault, Kind

ALL_KINDS = (*KINDS, Kind.UNREACHABLE, Kind.THROTTLED)
SCENARIO = History(
    batches=(
        BatchPlan(3, FlushPolicy(idle_s=7_200), tuple((n % 3, n % 8) for n in range(12)), 8),
        BatchPlan(3, BATCH_END, tuple((n % 3, n % 11) for n in range(4, 14)), 20, refused=1),
    ),
    batch_size=10,
)
ABANDONED = History(
    batches=(
        BatchPlan(3, BATCH_END, tuple((n % 3, n % 11) for n in range(14)), 4),
        BatchPlan(3, FlushPolicy(idle_s=7_200), tuple((n % 3, n % 8) for n in range(12)), 4),
    ),
    steps=(Push(0, 3), Abandon(0), Push(1, 3), Abandon(1, late=True)),
    batch_size=10,
)
READS = frozenset({"dynamodb.query", "dynamodb.batch_get_item", "dynamodb.get_item"})
EFFECTIVE = {Kind.KILLED_AFTER, Kind.LOST, Kind.RETRIED}
"""Kinds of fault with which a request has taken effect."""
FIRST_SWEEPS = 3
"""Later sweeps only poll until time has passed."""


@cache
def call_sites() -> list[CallSite]:
    with run_to_end(SCENARIO) as run:
        check_invariants(run.account, run.batches)
        invocations = run.account.invocations
    numbers: Counter[str] = Counter()
    found = []
    for invocation in invocations:
        number = numbers[invocation.name]
        numbers[invocation.name] += 1
        found += [
            CallSite(invocation.name, number, nth, call)
            for nth, call in enumerate(invocation.calls)
            if number < FIRST_SWEEPS or invocation.name != "sweeper" or call not in READS
        ]
    return found


def inject_each(kind: Kind, chosen: Sequence[CallSite]) -> Iterator[str]:
    """Run the scenario once for each of these calls, and yield what was injected."""
    for place in chosen:
        fault = Fault(kind, place.nth)
        with run_to_end(SCENARIO, {(place.process, place.invocation): (fault,)}) as run:
            check_invariants(run.account, run.batches)
            yield from run.account.injected


def test_each_call_fails_once_and_each_operation_in_each_way() -> None:
    shares = {kind: share_of(call_sites(), kind) for kind in KINDS}
    assert {place for share in shares.values() for place in share} == set(call_sites())
    operations = {(place.process, place.call) for place in call_sites()}
    for share in shares.values():
        assert {(place.process, place.call) for place in share} == operations


@pytest.mark.parametrize("kind", KINDS)
def test_g1_no_row_is_lost_or_duplicated_when_any_call_fails(kind: Kind) -> None:
    chosen = share_of(call_sites(), kind)
    assert len(list(inject_each(kind, chosen))) == len(chosen)


@pytest.mark.parametrize(
    "kind",
    [kind if kind in EFFECTIVE else pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS],
)
def test_an_abandoned_batch_ends_with_what_it_has_sent_when_any_call_of_that_fails(
    kind: Kind,
) -> None:
    with run_to_end(ABANDONED) as run:
        check_invariants(run.account, run.batches)
        assert [batch.abandoned for batch in run.batches] == [True, True]
        calls = [each.calls for each in run.account.invocations if each.name == "abandon"]
    for number, nth in ((n, k) for n, made in enumerate(calls) for k in range(len(made))):
        with run_to_end(ABANDONED, {("abandon", number): (Fault(kind, nth),)}) as run:
            check_invariants(run.account, run.batches)
            assert run.account.injected


@pytest.mark.slow
@pytest.mark.parametrize("kind", ALL_KINDS)
def test_g1_no_row_is_lost_or_duplicated_when_any_call_fails_in_any_way(kind: Kind) -> None:
    assert len(list(inject_each(kind, call_sites()))) == len(call_sites())
