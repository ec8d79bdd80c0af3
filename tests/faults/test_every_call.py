"""Each call of the pipeline goes wrong once, in every way: crashes before and after it among them.

A small run is played without faults to learn which calls there are; then it is played again for
each of them: in the slow suite for every kind of fault, else each kind strikes its half of the
calls (`fault_places`). Losses are accounted for as Jepsen's set checker does it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain

import pytest

from stream_ingest.contracts.settings import BATCH_END, FlushPolicy
from tests.faults.harness.checks.verdict import check
from tests.faults.harness.history import BatchPlan, History
from tests.faults.harness.injector import Fault, Kind
from tests.faults.harness.places import PAIRS, Place, half
from tests.faults.harness.play import played

KINDS = (*chain(*PAIRS), Kind.UNREACHABLE, Kind.THROTTLED)
STORY = History(
    batches=(
        BatchPlan(3, FlushPolicy(idle_s=7_200), tuple((n % 3, n % 8) for n in range(12)), 8),
        BatchPlan(3, BATCH_END, tuple((n % 3, n % 11) for n in range(4, 14)), 20, refused=1),
    ),
    batch_size=10,
)
LOOKS = frozenset({"dynamodb.query", "dynamodb.batch_get_item", "dynamodb.get_item"})
FIRST_SWEEPS = 3
"""Later ones only look, over and over, until time has passed."""


@cache
def places() -> list[Place]:
    with played(STORY) as run:
        check(run.stage, run.batches)
        invocations = run.stage.invocations
    numbers: Counter[str] = Counter()
    found = []
    for invocation in invocations:
        number = numbers[invocation.name]
        numbers[invocation.name] += 1
        found += [
            Place(invocation.name, number, nth, call)
            for nth, call in enumerate(invocation.calls)
            if number < FIRST_SWEEPS or invocation.name != "sweeper" or call not in LOOKS
        ]
    return found


def struck_by(kind: Kind, chosen: Sequence[Place]) -> Iterator[str]:
    """Play the story once for each of these calls, and yield what was struck."""
    for place in chosen:
        fault = Fault(kind, place.nth)
        with played(STORY, {(place.process, place.invocation): (fault,)}) as run:
            check(run.stage, run.batches)
            yield from run.stage.struck


@pytest.mark.parametrize("kind", [*chain(*PAIRS)])
def test_g1_nothing_is_lost_or_doubled_whichever_call_goes_wrong(kind: Kind) -> None:
    chosen = half(places(), kind)
    assert len(list(struck_by(kind, chosen))) == len(chosen)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_g1_nothing_is_lost_or_doubled_whichever_call_goes_wrong_of_all(kind: Kind) -> None:
    assert len(list(struck_by(kind, places()))) == len(places())
