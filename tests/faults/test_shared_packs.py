"""Windows of one delivery whose originals share a pack, with a fault at every call.

Each fault hits one call of the worker that builds three windows together. Whatever happens, every
window ends with its collage, and its originals are where its metadata says.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest

from collage_lambda.redelivery import FIRST_RETRY_S
from collage_lambda.shares import is_shared_key
from collage_lambda.worker import LEASE_MARGIN_S
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.contracts.table import ENDED, WindowStatus
from tests.fakes.ingest.aws import OUTPUT, TEMP
from tests.faults.harness.checks.invariants import check_invariants
from tests.faults.harness.checks.table import Table
from tests.faults.harness.history import (
    BatchPlan,
    Deliver,
    History,
    Push,
    RedeliverMessage,
    Replay,
    Resume,
    Step,
    Wait,
    Work,
    identity,
)
from tests.faults.harness.history_runner import HistoryRunner, run_steps
from tests.faults.harness.injector import Fault, Kind
from tests.faults.harness.simulated_account import COLLAGE_TIMEOUT_S, VISIBILITY_S

ALL = 20
IMAGES, WINDOWS = 2, 3
LEASE_S = COLLAGE_TIMEOUT_S + LEASE_MARGIN_S
THREE_WINDOWS = (
    BatchPlan(
        IMAGES,
        FlushPolicy(kind="never"),
        tuple((number // IMAGES % 2, number) for number in range(IMAGES * WINDOWS)),
        ALL,
    ),
)
READY = (Push(0, ALL), Deliver(0, ALL), Deliver(1, ALL))


@contextmanager
def after(*steps: Step) -> Iterator[HistoryRunner]:
    """Run steps when three windows wait in the queue; check everything in the end."""
    with run_steps(History(THREE_WINDOWS, (*READY, *steps))) as run:
        yield run
        run.settle()
        check_invariants(run.account, run.batches)


def work(*faults: Fault) -> Work:
    return Work(faults=faults, together=WINDOWS)


@cache
def calls() -> tuple[str, ...]:
    """Return the calls of a worker that builds the three windows."""
    with run_steps(History(THREE_WINDOWS, (*READY, work()))) as run:
        (built,) = [each for each in run.account.invocations if each.name == "collage"]
        return built.calls


def statuses(run: HistoryRunner) -> list[str]:
    return [each.status["status"] for each in Table(run.account).all_windows]


def packs(run: HistoryRunner) -> list[str]:
    return [key for key in run.account.s3.keys(TEMP) if key.startswith("originals/")]


def at_each_call(*kinds: Kind) -> list[Fault]:
    return [Fault(kind, nth) for nth in range(len(calls())) for kind in kinds]


def pack_call() -> int:
    """Return the number of the call that stores the pack."""
    return calls().index("s3.put_object")


def test_three_windows_make_one_put_of_originals_before_anything_is_published() -> None:
    with after(work()) as run:
        (key,) = packs(run)
        assert is_shared_key(key)
        assert statuses(run) == [WindowStatus.COMPLETED] * WINDOWS
    published = ["s3.put_object"] * 4 + ["events.put_events", "dynamodb.update_item"]
    assert list(calls()[pack_call() :]) == ["s3.put_object", *published * WINDOWS]


@pytest.mark.parametrize("kind", [Kind.KILLED_BEFORE, Kind.KILLED_AFTER])
def test_a_worker_that_dies_anywhere_loses_no_window(kind: Kind) -> None:
    for fault in at_each_call(kind):
        with after(work(fault)) as run:
            assert run.account.injected, fault


@pytest.mark.parametrize(
    "kind", [Kind.THROTTLED, Kind.UNREACHABLE, Kind.LOST, Kind.RETRIED, Kind.DENIED]
)
def test_a_call_that_fails_anywhere_costs_no_window(kind: Kind) -> None:
    for fault in at_each_call(kind):
        with after(work(fault), Wait(FIRST_RETRY_S), work()) as run:
            assert run.account.injected, fault
            if kind not in {Kind.DENIED, Kind.LOST}:  # a claim that it does not know of has to end
                assert statuses(run) == [WindowStatus.COMPLETED] * WINDOWS, fault
                assert not run.account.queue.messages, fault


@pytest.mark.parametrize("kind", [Kind.PAUSED_BEFORE, Kind.PAUSED_AFTER])
def test_windows_that_others_take_over_from_a_slow_worker_end_once(kind: Kind) -> None:
    """Its leases are over; another worker builds all three, then the slow one continues."""
    for fault in at_each_call(kind):
        redelivered = [RedeliverMessage(which) for which in range(WINDOWS)]
        with after(work(fault), Wait(LEASE_S + 1), *redelivered) as run:
            ended = {each.event.window_id: each.status for each in Table(run.account).all_windows}
            objects = {key: run.account.s3.read(OUTPUT, key) for key in run.account.s3.keys(OUTPUT)}
            done = {name for name, status in ended.items() if status["status"] in ENDED}
            assert done == set(ended), fault
            run.step(Resume(0))
            assert (
                objects.items()
                <= {
                    key: run.account.s3.read(OUTPUT, key) for key in run.account.s3.keys(OUTPUT)
                }.items()
            ), fault


@pytest.mark.parametrize("kind", [Kind.THROTTLED, Kind.KILLED_BEFORE, Kind.KILLED_AFTER])
def test_nothing_is_published_before_the_pack_is_stored(kind: Kind) -> None:
    at_pack = Fault(kind, pack_call())
    with after(work(at_pack)) as run:
        assert run.account.injected == [f"{kind} s3.put_object"]
        assert not set(statuses(run)) & set(ENDED)
        assert not [key for key in run.account.s3.keys(OUTPUT) if key.startswith("collages/")]
        assert len(packs(run)) == (kind is Kind.KILLED_AFTER)


def test_replays_are_built_from_the_pack_when_every_url_has_expired() -> None:
    with after(work()) as run:
        stored = packs(run)
        pictures = {key: run.account.s3.read(OUTPUT, key) for key in run.account.s3.keys(OUTPUT)}
        run.account.covers.down |= {identity(number) for number in range(IMAGES * WINDOWS)}
        for seed in range(2):
            run.step(Replay(seed))
            run.step(Work(times=WINDOWS, together=1 + seed))
            assert statuses(run) == [WindowStatus.COMPLETED] * WINDOWS
        after_them = {key: run.account.s3.read(OUTPUT, key) for key in pictures}
        for key, body in pictures.items():
            assert key.endswith(".json") or after_them[key] == body
        assert packs(run) == stored


def test_no_collage_loses_an_image_if_every_url_expires_when_its_worker_dies() -> None:
    """What was published before has its originals: the windows are built again without URLs."""
    for fault in at_each_call(Kind.KILLED_AFTER):
        with run_steps(History(THREE_WINDOWS, READY)) as run:
            run.step(work(fault))
            assert run.account.injected, fault
            published = [key for key in run.account.s3.keys(OUTPUT) if key.startswith("collages/")]
            before = {key: run.account.s3.read(OUTPUT, key) for key in published}
            run.account.covers.down |= {identity(number) for number in range(IMAGES * WINDOWS)}
            run.step(Wait(VISIBILITY_S + 1))
            run.step(Work(times=WINDOWS, together=WINDOWS))
            assert {key: run.account.s3.read(OUTPUT, key) for key in published} == before
            run.settle()
            check_invariants(run.account, run.batches)
