"""Windows that crash the function, or are slow, beside others: they cost only themselves."""

from __future__ import annotations

from itertools import combinations

import pytest

from collage_lambda.messages import MESSAGES_PER_DELIVERY
from collage_lambda.redelivery import FIRST_RETRY_S
from stream_ingest.contracts.settings import FlushPolicy
from tests.faults.harness.checks.invariants import check_invariants
from tests.faults.harness.checks.table import Table
from tests.faults.harness.history import BatchPlan, Deliver, History, Push, Work, identity
from tests.faults.harness.history_runner import HistoryRunner, run_steps

ALL = 20
POLL_S = 10
WINDOWS = range(MESSAGES_PER_DELIVERY)
FIVE_WINDOWS = (
    BatchPlan(1, FlushPolicy(kind="never"), tuple((0, number) for number in WINDOWS), ALL),
)
READY = (Push(0, ALL), Deliver(0, ALL), Deliver(1, ALL))
TOGETHER = Work(together=MESSAGES_PER_DELIVERY)


def statuses(run: HistoryRunner) -> dict[str, str]:
    """Return the status of each window by the identity of its only image."""
    windows = Table(run.account).all_windows
    return {each.event.images[0].identity: each.status["status"] for each in windows}


def work_off(run: HistoryRunner) -> None:
    """Invoke the function whenever messages are visible, until the queue is empty."""
    while run.account.queue.messages:
        while run.account.queue.visible():
            run.account.work(together=MESSAGES_PER_DELIVERY)
        run.account.clock.advance(POLL_S)


@pytest.mark.parametrize("fatal", [*combinations(WINDOWS, 1), *combinations(WINDOWS, 2)])
def test_a_crashing_window_is_a_dead_letter_and_costs_its_neighbours_nothing(
    fatal: tuple[int, ...],
) -> None:
    with run_steps(History(FIVE_WINDOWS, READY)) as run:
        run.account.covers.fatal = {identity(number) for number in fatal}
        assert len(run.account.queue.messages) == len(WINDOWS)
        work_off(run)
        dead = run.account.dead_letters.messages
        assert len(dead) == len(fatal)
        assert {found for found, status in statuses(run).items() if status != "completed"} == set(
            run.account.covers.fatal
        )
        run.account.covers.fatal = set()
        run.settle()
        check_invariants(run.account, run.batches)


def test_a_slow_window_is_given_back_soon_and_built_alone() -> None:
    with run_steps(History(FIVE_WINDOWS, READY)) as run:
        run.account.covers.slow = {identity(2)}
        run.step(TOGETHER)
        assert [each for each, status in statuses(run).items() if status != "completed"] == [
            identity(2)
        ]
        run.account.clock.advance(FIRST_RETRY_S)
        run.step(TOGETHER)
        assert set(statuses(run).values()) == {"completed"}
        run.settle()
        check_invariants(run.account, run.batches)
