"""A process pauses at each of its calls while others run, and then continues.

Lambda may start a second sweeper while the first runs, or redeliver a batch while an invocation
that it considers failed still runs. What such an invocation has read is stale when it writes.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from stream_ingest.contracts.settings import BATCH_END, FlushPolicy
from tests.faults.harness.checks.invariants import check_invariants
from tests.faults.harness.history import (
    BatchPlan,
    Deliver,
    History,
    Push,
    Redeliver,
    Resume,
    Step,
    Sweep,
    Wait,
    Work,
)
from tests.faults.harness.history_runner import run_steps, run_to_end
from tests.faults.harness.injector import Fault, Kind

ALL = 50
IDLE_S = 7_200
IDLE = BatchPlan(3, FlushPolicy(idle_s=IDLE_S), tuple((n % 3, n % 9) for n in range(14)), 5)
FLUSHED = BatchPlan(3, BATCH_END, tuple((n % 3, n % 11) for n in range(3, 19)), 6)
"""Two batches of the same creators with the same settings: they share windows and duplicates."""
LANES = (Deliver(0, ALL), Deliver(1, ALL))
OTHERS = (*LANES, Sweep(), Sweep(drained=True), Work(times=3))
SCENARIOS: dict[str, tuple[tuple[Step, ...], Sweep | Redeliver, tuple[Step, ...]]] = {
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
    "an invocation abandoned by Lambda, beside its redelivery": (
        (Push(0, ALL), Push(1, 3)),
        Redeliver(0, 0, 8),
        (*LANES, Push(1, ALL), *OTHERS),
    ),
    "an invocation abandoned by Lambda, beside a flush": (
        (Push(1, ALL), Deliver(0, 1), Deliver(1, ALL)),
        Redeliver(0, 0, 8),
        (*LANES, Sweep(drained=True), Sweep(), Push(0, ALL), *OTHERS),
    ),
}


def calls_of(scenario: str) -> int:
    """Return how many calls the paused process makes."""
    before, stopped, _ = SCENARIOS[scenario]
    name = "sweeper" if isinstance(stopped, Sweep) else "windowing"
    with run_steps(History((IDLE, FLUSHED), before)) as run:
        known = len(run.account.invocations)
        run.step(stopped)
        invocations = run.account.invocations[known:]
        assert {each.name for each in invocations} == {name}
        return len(invocations[0].calls)


def check_late(scenario: str, fault: Fault) -> None:
    """Run a scenario whose process pauses at a call, and continues after the others."""
    before, stopped, meanwhile = SCENARIOS[scenario]
    steps = (*before, replace(stopped, faults=(fault,)), *meanwhile, Resume(0))
    with run_to_end(History((IDLE, FLUSHED), steps)) as run:
        check_invariants(run.account, run.batches)
        assert any(injected.startswith("paused") for injected in run.account.injected)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_g1_no_row_is_lost_or_duplicated_by_a_process_that_continues_late(scenario: str) -> None:
    """What others see during a pause after a call is what they see before the next one."""
    calls = calls_of(scenario)
    assert calls > 3
    for nth in range(calls):
        check_late(scenario, Fault(Kind.PAUSED_BEFORE, nth))
    check_late(scenario, Fault(Kind.PAUSED_AFTER, calls - 1))


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_process_that_pauses_after_a_call_reads_a_later_clock_and_loses_nothing(
    scenario: str,
) -> None:
    for nth in range(calls_of(scenario)):
        check_late(scenario, Fault(Kind.PAUSED_AFTER, nth))
