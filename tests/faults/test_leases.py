"""Two collage workers on one window, interleaved at every call.

A worker pauses before or after each of its calls, and the same message reaches another one. The
lease has to hold when the first one continues.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest

from collage_lambda.redelivery import FIRST_RETRY_S
from collage_lambda.worker import LEASE_MARGIN_S
from stream_ingest.contracts import table
from stream_ingest.contracts.events import CollageCreated
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.contracts.table import WindowStatus
from tests.fakes.ingest.aws import OUTPUT
from tests.faults.harness.aws.s3 import Stored
from tests.faults.harness.checks.invariants import check_invariants
from tests.faults.harness.checks.table import Table, Window
from tests.faults.harness.history import (
    BatchPlan,
    Deliver,
    History,
    Push,
    RedeliverMessage,
    Resume,
    Step,
    ToggleImage,
    Wait,
    Work,
)
from tests.faults.harness.history_runner import HistoryRunner, run_steps
from tests.faults.harness.injector import Fault, Kind
from tests.faults.harness.simulated_account import COLLAGE_TIMEOUT_S, VISIBILITY_S

ALL = 20
LEASE_S = COLLAGE_TIMEOUT_S + LEASE_MARGIN_S
READY = (Push(0, ALL), Deliver(0, ALL), Deliver(1, ALL))
ONE_WINDOW = (BatchPlan(3, FlushPolicy(kind="never"), ((0, 0), (0, 1), (0, 2))),)
PAUSES = (Kind.PAUSED_BEFORE, Kind.PAUSED_AFTER)
DEATHS = (Kind.KILLED_BEFORE, Kind.KILLED_AFTER)


@cache
def calls() -> int:
    """Return how many calls a worker makes for a window."""
    with run_steps(History(ONE_WINDOW, (*READY, Work()))) as run:
        (built,) = [each for each in run.account.invocations if each.name == "collage"]
        return len(built.calls)


@contextmanager
def after(*steps: Step) -> Iterator[HistoryRunner]:
    with run_steps(History(ONE_WINDOW, (*READY, *steps))) as run:
        yield run


def window_of(run: HistoryRunner) -> Window:
    (window,) = Table(run.account).all_windows
    return window


def published(run: HistoryRunner) -> list[object]:
    return [each["sha256"] for each in run.account.emitted(CollageCreated)]


def objects(run: HistoryRunner) -> dict[tuple[str, str], Stored]:
    """Return the current version of every object."""
    return {place: versions[-1] for place, versions in run.account.s3.versions.items()}


def puts(run: HistoryRunner) -> int:
    return sum(len(versions) for versions in run.account.s3.versions.values())


def at_each_call(kinds: tuple[Kind, ...]) -> list[Fault]:
    return [Fault(kind, nth) for nth in range(calls()) for kind in kinds]


def test_a_worker_makes_nine_calls() -> None:
    """Claim, the batch's source, originals, thumbnail, metadata, collage, copy, event, end."""
    assert calls() == 9


def test_two_workers_with_the_same_window_never_both_publish() -> None:
    """The second arrives while the lease of the first is valid, at any of its calls."""
    for fault in at_each_call(PAUSES)[1:]:  # before its claim there is no lease
        with after(Work(faults=(fault,))) as run:
            was, before = puts(run), published(run)
            is_done = window_of(run).status["status"] == WindowStatus.COMPLETED
            outcome = run.account.build(run.account.bodies[0])
            assert (outcome is not None) is is_done, "the message of a leased window is redelivered"
            assert (puts(run), published(run)) == (was, before), fault
            run.step(Resume(0))
            assert len(published(run)) == 1, fault
            assert {len(each) for each in run.account.s3.versions.values()} == {1}, fault
            assert window_of(run).status["status"] == WindowStatus.COMPLETED
            run.settle()
            check_invariants(run.account, run.batches)


def test_a_put_whose_answer_is_lost_delays_no_window() -> None:
    """The SDK repeats it, and its condition then fails on the worker's own object.

    Only the repeated end of a window is taken for a lost lease: its message comes again.
    """
    for nth in range(calls() - 1):
        fault = Fault(Kind.RETRIED, nth)
        with after(Work(faults=(fault,))) as run:
            assert window_of(run).status["status"] == WindowStatus.COMPLETED, fault
            assert not run.account.queue.messages, fault
            assert len(published(run)) in {1, 2}, fault  # the announcement itself may be repeated


def test_a_failed_build_is_tried_again_within_seconds() -> None:
    for nth in range(calls()):
        fault = Fault(Kind.THROTTLED, nth)
        with after(Work(faults=(fault,)), Wait(FIRST_RETRY_S), Work()) as run:
            assert window_of(run).status["status"] == WindowStatus.COMPLETED, fault
            assert not run.account.queue.messages, fault


def test_a_worker_that_claims_late_finds_the_window_leased() -> None:
    with after(Work(faults=(Fault(Kind.PAUSED_BEFORE),))) as run:
        run.step(RedeliverMessage(0))
        ended, was = window_of(run), puts(run)
        run.step(Resume(0))
        assert (window_of(run), puts(run)) == (ended, was)
        assert len(published(run)) == 1


@pytest.mark.parametrize("kind", DEATHS)
def test_a_dead_workers_window_is_claimed_after_its_lease_and_not_before(kind: Kind) -> None:
    for fault in at_each_call((kind,)):
        with after(Work(faults=(fault,))) as run:
            window = window_of(run)
            holds = table.window_status(window.status) == WindowStatus.PROCESSING
            run.step(Wait(LEASE_S - 1))
            run.step(RedeliverMessage(0))
            assert window_of(run) == window or not holds, fault
            run.step(Wait(VISIBILITY_S - LEASE_S + 1))
            run.step(Work())
            assert window_of(run).status["status"] == WindowStatus.COMPLETED, fault
            assert not run.account.queue.messages, fault
            run.settle()
            check_invariants(run.account, run.batches)


def test_an_expired_lease_is_noticed_before_anything_is_published() -> None:
    """Even if the worker that has taken over has published nothing yet."""
    at_work = Fault(Kind.PAUSED_AFTER, operation="update_item")
    for fault in at_each_call(PAUSES)[1:4]:  # until its originals are stored
        with after(Work(faults=(fault,)), Wait(LEASE_S + 1)) as run:
            run.step(RedeliverMessage(0, faults=(at_work,)))
            run.step(Resume(0))
            assert run.account.s3.keys(OUTPUT) == [], fault
            assert published(run) == [], fault
            run.step(Resume(0))
            assert len(published(run)) == 1, fault
            run.settle()
            check_invariants(run.account, run.batches)


@pytest.mark.parametrize("images_are_back", [True, False])
def test_a_slow_worker_that_lost_its_lease_cannot_overwrite(images_are_back: bool) -> None:  # noqa: FBT001 - both
    """Even if the other worker's collage has more images."""
    for fault in at_each_call(PAUSES):
        with after(ToggleImage(1), Work(faults=(fault,))) as run:
            if images_are_back:
                run.step(ToggleImage(1))
            run.step(Wait(LEASE_S + 1))
            run.step(RedeliverMessage(0))
            ended, left = window_of(run), objects(run)
            run.step(Resume(0))
            assert window_of(run) == ended, fault
            assert objects(run) == left, fault
            run.settle()
            check_invariants(run.account, run.batches)
