"""A process stops at each of its calls, the others go on, and then it goes on as if nothing were.

Lambda may start a second sweeper beside the first, or deliver a batch again while an invocation
that it has given up still runs. What such a one read is old by the time it writes.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from stream_ingest.contracts.settings import BATCH_END, FlushPolicy
from tests.faults.harness.checks.verdict import check
from tests.faults.harness.history import (
    Again,
    BatchPlan,
    Deliver,
    History,
    Push,
    Resume,
    Step,
    Sweep,
    Wait,
    Work,
)
from tests.faults.harness.injector import Fault, Kind
from tests.faults.harness.play import begun, played

ALL = 50
IDLE_S = 7_200
IDLE = BatchPlan(3, FlushPolicy(idle_s=IDLE_S), tuple((n % 3, n % 9) for n in range(14)), 5)
FLUSHED = BatchPlan(3, BATCH_END, tuple((n % 3, n % 11) for n in range(3, 19)), 6)
"""Two batches of the same creators with the same settings: they share windows and duplicates."""
LANES = (Deliver(0, ALL), Deliver(1, ALL))
OTHERS = (*LANES, Sweep(), Sweep(drained=True), Work(times=3))
STORIES: dict[str, tuple[tuple[Step, ...], Sweep | Again, tuple[Step, ...]]] = {
    "a sweeper that closes what is idle, beside rows": (
        (Push(0, ALL), *LANES, Wait(IDLE_S + 3_600)),
        Sweep(),
        (Push(1, ALL), *OTHERS),
    ),
    "a sweeper that closes what is idle, beside another": (
        (Push(0, ALL), *LANES, Wait(IDLE_S + 3_600)),
        Sweep(),
        (Sweep(), Push(1, ALL), *OTHERS),
    ),
    "a sweeper that flushes a batch, beside rows of another": (
        (Push(1, ALL), *LANES),
        Sweep(drained=True),
        (Push(0, ALL), *OTHERS),
    ),
    "a sweeper that flushes a batch, beside another": (
        (Push(1, ALL), *LANES),
        Sweep(drained=True),
        (Sweep(), Sweep(), Work(times=ALL), Sweep(), Push(0, ALL), *OTHERS),
    ),
    "a sweeper that ends batches, beside rows": (
        (Push(1, ALL), *LANES, Sweep(), Work(times=ALL)),
        Sweep(),
        (Push(0, ALL), *OTHERS),
    ),
    "a sweeper that emits again, beside a worker": (
        (Push(1, ALL), Deliver(0, ALL, (Fault(Kind.DENIED, operation="put_events"),)), Wait(61)),
        Sweep(),
        (*OTHERS, Work(times=ALL)),
    ),
    "an invocation given up by Lambda, beside its redelivery": (
        (Push(0, ALL), Push(1, 3)),
        Again(0, 0, 8),
        (*LANES, Push(1, ALL), *OTHERS),
    ),
    "an invocation given up by Lambda, beside a flush": (
        (Push(1, ALL), Deliver(0, 1), Deliver(1, ALL)),
        Again(0, 0, 8),
        (*LANES, Sweep(drained=True), Sweep(), Push(0, ALL), *OTHERS),
    ),
}


def calls_of(story: str) -> int:
    """Return how many calls the process makes that is to be stopped."""
    before, stopped, _ = STORIES[story]
    name = "sweeper" if isinstance(stopped, Sweep) else "windowing"
    with begun(History((IDLE, FLUSHED), before)) as run:
        known = len(run.stage.invocations)
        run.step(stopped)
        invocations = run.stage.invocations[known:]
        assert {each.name for each in invocations} == {name}
        return len(invocations[0].calls)


@pytest.mark.parametrize("story", STORIES)
def test_g1_nothing_is_lost_or_doubled_by_a_process_that_goes_on_late(story: str) -> None:
    before, stopped, meanwhile = STORIES[story]
    calls = calls_of(story)
    assert calls > 3
    for nth in range(calls):
        for kind in (Kind.PAUSED_BEFORE, Kind.PAUSED_AFTER):
            late = replace(stopped, faults=(Fault(kind, nth),))
            steps = (*before, late, *meanwhile, Resume(0))
            with played(History((IDLE, FLUSHED), steps)) as run:
                check(run.stage, run.batches)
                assert any(struck.startswith("paused") for struck in run.stage.struck)
