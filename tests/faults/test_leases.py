"""Two collage workers at one window, cut across each other at every call that they make.

A worker is stopped before or after each of its calls; meanwhile the same message reaches another
one. What the first does when it goes on decides whether a lease is worth anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest

from collage_lambda.worker import LEASE_MARGIN_S
from stream_ingest.contracts.events import CollageCreated
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.contracts.table import WindowStatus
from tests.fakes.ingest.aws import OUTPUT
from tests.faults.harness.aws.s3 import Stored
from tests.faults.harness.checks.table import Table, Window
from tests.faults.harness.checks.verdict import check
from tests.faults.harness.history import (
    BatchPlan,
    Deliver,
    Flip,
    History,
    Push,
    Resume,
    Step,
    Wait,
    Work,
    WorkAgain,
)
from tests.faults.harness.injector import Fault, Kind
from tests.faults.harness.play import Play, begun
from tests.faults.harness.stage import COLLAGE_TIMEOUT_S, VISIBILITY_S

ALL = 20
LEASE_S = COLLAGE_TIMEOUT_S + LEASE_MARGIN_S
READY = (Push(0, ALL), Deliver(0, ALL), Deliver(1, ALL))
ONE_WINDOW = (BatchPlan(3, FlushPolicy(kind="never"), ((0, 0), (0, 1), (0, 2))),)
PAUSES = (Kind.PAUSED_BEFORE, Kind.PAUSED_AFTER)
DEATHS = (Kind.KILLED_BEFORE, Kind.KILLED_AFTER)


@cache
def calls() -> int:
    """Return how many calls a worker makes for a window."""
    with begun(History(ONE_WINDOW, (*READY, Work()))) as run:
        (built,) = [each for each in run.stage.invocations if each.name == "collage"]
        return len(built.calls)


@contextmanager
def after(*steps: Step) -> Iterator[Play]:
    with begun(History(ONE_WINDOW, (*READY, *steps))) as run:
        yield run


def window_of(run: Play) -> Window:
    (window,) = Table(run.stage).all_windows
    return window


def published(run: Play) -> list[object]:
    return [each["sha256"] for each in run.stage.told(CollageCreated)]


def objects(run: Play) -> dict[tuple[str, str], Stored]:
    """Return what anybody who reads the buckets gets now."""
    return {place: versions[-1] for place, versions in run.stage.s3.versions.items()}


def puts(run: Play) -> int:
    return sum(len(versions) for versions in run.stage.s3.versions.values())


def at_each_call(kinds: tuple[Kind, ...]) -> list[Fault]:
    return [Fault(kind, nth) for nth in range(calls()) for kind in kinds]


def test_a_worker_makes_the_calls_that_the_tests_below_cut_it_at() -> None:
    """Claim, originals, thumbnail, metadata, collage, copy, event, end."""
    assert calls() == 8


def test_two_workers_with_the_same_window_never_both_publish() -> None:
    """The second comes while the first one's lease lives, wherever that one is."""
    for fault in at_each_call(PAUSES)[1:]:  # before its claim nobody has a lease
        with after(Work(faults=(fault,))) as run:
            was, before = puts(run), published(run)
            is_done = window_of(run).status["status"] == WindowStatus.COMPLETED
            outcome = run.stage.build(run.stage.bodies[0])
            assert (outcome is not None) is is_done, "a message of a leased window comes again"
            assert (puts(run), published(run)) == (was, before), fault
            run.step(Resume(0))
            assert len(published(run)) == 1, fault
            assert {len(each) for each in run.stage.s3.versions.values()} == {1}, fault
            assert window_of(run).status["status"] == WindowStatus.COMPLETED
            run.rest()
            check(run.stage, run.batches)


def test_a_worker_that_is_late_with_its_claim_finds_the_window_taken() -> None:
    with after(Work(faults=(Fault(Kind.PAUSED_BEFORE),))) as run:
        run.step(WorkAgain(0))
        ended, was = window_of(run), puts(run)
        run.step(Resume(0))
        assert (window_of(run), puts(run)) == (ended, was)
        assert len(published(run)) == 1


@pytest.mark.parametrize("kind", DEATHS)
def test_a_dead_workers_window_is_taken_up_after_its_lease_and_not_before(kind: Kind) -> None:
    for fault in at_each_call((kind,)):
        with after(Work(faults=(fault,))) as run:
            window = window_of(run)
            holds = window.status["status"] == WindowStatus.PROCESSING
            run.step(Wait(LEASE_S - 1))
            run.step(WorkAgain(0))
            assert window_of(run) == window or not holds, fault
            run.step(Wait(VISIBILITY_S - LEASE_S + 1))
            run.step(Work())
            assert window_of(run).status["status"] == WindowStatus.COMPLETED, fault
            assert not run.stage.queue.messages, fault
            run.rest()
            check(run.stage, run.batches)


def test_a_lease_that_is_over_is_noticed_before_anything_is_published() -> None:
    """Although the worker that has taken over has published nothing yet either."""
    at_work = Fault(Kind.PAUSED_AFTER, operation="update_item")
    for fault in at_each_call(PAUSES)[1:4]:  # until its originals are kept
        with after(Work(faults=(fault,)), Wait(LEASE_S + 1)) as run:
            run.step(WorkAgain(0, faults=(at_work,)))
            run.step(Resume(0))
            assert run.stage.s3.keys(OUTPUT) == [], fault
            assert published(run) == [], fault
            run.step(Resume(0))
            assert len(published(run)) == 1, fault
            run.rest()
            check(run.stage, run.batches)


@pytest.mark.parametrize("images_are_back", [True, False])
def test_a_slow_worker_that_lost_its_lease_cannot_overwrite(images_are_back: bool) -> None:  # noqa: FBT001 - both
    """Also where the other worker's collage has more images than its own."""
    for fault in at_each_call(PAUSES):
        with after(Flip(1), Work(faults=(fault,))) as run:
            if images_are_back:
                run.step(Flip(1))
            run.step(Wait(LEASE_S + 1))
            run.step(WorkAgain(0))
            ended, left = window_of(run), objects(run)
            run.step(Resume(0))
            assert window_of(run) == ended, fault
            assert objects(run) == left, fault
            run.rest()
            check(run.stage, run.batches)
