"""The goals G2 to G5 of docs/facts.md#goals at full size; G1 is tested in `test_histories` and
others.

Model: Flink's window checkpoint test (G2), voice-of-customer's replayed record (G3), EventBridge's
replay (G4), a poison pill in a shard (G5). What is expected is worked out from the rows that are
pushed, by hand, without the model that the histories are judged by.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from stream_ingest.contracts.settings import BATCH_END, FlushPolicy
from tests.fakes.ingest.aws import OUTPUT
from tests.faults.harness.checks.invariants import check_invariants
from tests.faults.harness.checks.table import Table
from tests.faults.harness.history import (
    CREATORS,
    EXPIRING_EVERY,
    BatchPlan,
    Deliver,
    History,
    Poison,
    Push,
    Redeliver,
    Replay,
    Step,
    Sweep,
    Wait,
    Work,
    identity,
)
from tests.faults.harness.history_runner import HistoryRunner, run_steps, run_to_end
from tests.faults.harness.injector import Fault, Kind

NEVER = FlushPolicy(kind="never")
FULL = 35
EVERYTHING = 1_000
LANES = (Deliver(0, EVERYTHING), Deliver(1, EVERYTHING))
LASTING = [number for number in range(400) if number % EXPIRING_EVERY != EXPIRING_EVERY - 1]
"""Images whose URLs have no end, so that only being full closes their windows."""
PICTURES = ("collages/", "thumbnails/")


def rows_of(*distinct: int) -> tuple[tuple[int, int], ...]:
    """Return so many images of each creator, taking turns; every seventh row comes twice."""
    turns = [
        (creator, LASTING[place])
        for place in range(max(distinct))
        for creator, count in enumerate(distinct)
        if place < count
    ]
    return tuple(row for place, row in enumerate(turns) for _ in range(1 + (place % 7 == 6)))


CRASHES = {
    "nothing": (),
    "dies before its write": (Fault(Kind.KILLED_BEFORE, operation="transact_write_items"),),
    "dies after its write": (Fault(Kind.KILLED_AFTER, operation="transact_write_items"),),
    "dies after its events": (Fault(Kind.KILLED_AFTER, operation="put_events"),),
    "loses an answer": (Fault(Kind.LOST, operation="transact_write_items"),),
    "is throttled": (Fault(Kind.THROTTLED, operation="transact_write_items", times=3),),
    "has events refused": (Fault(Kind.PARTIAL, operation="put_events"),),
    "dies at its third call": (Fault(Kind.KILLED_AFTER, 2),),
}


@pytest.mark.parametrize("crash", CRASHES)
def test_g2_every_full_window_has_exactly_its_35_images(crash: str) -> None:
    """Three creators; crashes from when a third is folded on, and a third delivered again."""
    distinct = (3 * FULL, 2 * FULL + 10, FULL - 1)
    scenario = History(
        batches=(BatchPlan(FULL, NEVER, rows_of(*distinct), chunk_rows=60),),
        steps=(
            Push(0, EVERYTHING),
            Deliver(0, 2),
            Deliver(1, 2),
            *(Deliver(lane, 1, CRASHES[crash]) for lane in (0, 1) * 4),
            *LANES,
            *(Redeliver(lane, 0, 60, cut) for lane in (0, 1) for cut in (1, 11)),
        ),
        batch_size=20,
    )
    with run_to_end(scenario) as run:
        assert bool(run.account.injected) is bool(CRASHES[crash])
        found = Table(run.account)
        for creator, count in zip(CREATORS, distinct, strict=True):
            wanted = [identity(number) for number in LASTING[:count]]
            windows = found.windows.get(creator, [])
            shown = [[image.identity for image in window.event.images] for window in windows]
            assert shown == [wanted[n * FULL : (n + 1) * FULL] for n in range(count // FULL)]
            assert all(len(set(images)) == FULL for images in shown)
            waiting = [image.url for window in found.open[creator] for image in window.images]
            assert len(waiting) == count % FULL
        check_invariants(run.account, run.batches)


def snapshot(run: HistoryRunner) -> dict[str, Any]:
    """Return all that there is to see; that a batch is drained may be said again, to no effect."""
    account = run.account
    events = [each for each in account.bus.received if each["detail-type"] != "BatchDrained"]
    return {
        "items": copy.deepcopy(account.dynamodb.items),
        "objects": {place: each[-1].body for place, each in account.s3.versions.items()},
        "events": events,
        "messages": list(account.bodies),
    }


TWO_BATCHES = (
    BatchPlan(3, NEVER, tuple((n % 3, n % 8) for n in range(20)), chunk_rows=8),
    BatchPlan(3, BATCH_END, tuple((n % 3, n % 11) for n in range(4, 24)), chunk_rows=20),
)
BEFORE: dict[str, tuple[Step, ...]] = {
    "while windows are open": (),
    "while events wait": (Deliver(0, 1, (Fault(Kind.DENIED, operation="put_events"),)),),
    "after windows were built": (Sweep(), Work(times=20)),
    "after all has ended": (Sweep(), Work(times=20), Wait(7_300), Sweep(), Sweep()),
}


@pytest.mark.parametrize("moment", BEFORE)
def test_g3_the_same_events_twice_change_nothing(moment: str) -> None:
    """Byte-identical records, whole and cut anywhere: table, objects and bus are as they were."""
    pushes = (Push(0, EVERYTHING), Push(1, EVERYTHING), Poison(1, 2))
    early = BEFORE[moment] if moment == "while events wait" else ()
    late = () if early else BEFORE[moment]
    with run_steps(History(TWO_BATCHES, (*pushes, *early, *LANES, *late), batch_size=10)) as run:
        was = snapshot(run)
        for lane in (0, 1):
            length = len(run.account.lanes[lane].records)
            assert length > 3
            run.step(Redeliver(lane, 0, EVERYTHING))
            for cut in range(1, length):
                run.step(Redeliver(lane, 0, EVERYTHING, cut))
                run.step(Redeliver(lane, cut, 1))
        assert snapshot(run) == was
        run.settle()
        check_invariants(run.account, run.batches)


@contextmanager
def archived(*, keep_originals: bool = True) -> Iterator[HistoryRunner]:
    """Run two batches to their end; their images are gone then, as signed URLs are."""
    steps = (Push(0, EVERYTHING), Push(1, EVERYTHING), *LANES)
    with run_to_end(History(TWO_BATCHES, steps, keep_originals=keep_originals)) as run:
        run.account.covers.down |= {identity(number) for number in range(20)}
        yield run


def pictures(run: HistoryRunner) -> dict[str, bytes]:
    account = run.account
    keys = account.s3.keys(OUTPUT)
    return {key: account.s3.read(OUTPUT, key) for key in keys if key.startswith(PICTURES)}


def puts(run: HistoryRunner) -> int:
    return sum(len(versions) for versions in run.account.s3.versions.values())


def collages(run: HistoryRunner) -> dict[str, tuple[str, int, str]]:
    """Return what each window's status item says of its collage."""
    items = [window.status for window in Table(run.account).all_windows]
    return {
        each["window_id"]: (each["status"], int(each["images_ok"]), each["collage_sha256"])
        for each in items
    }


@pytest.mark.parametrize("keep_originals", [True, False])
def test_g4_a_replay_of_the_whole_archive_creates_the_same_objects_and_no_window(
    keep_originals: bool,  # noqa: FBT001 - both
) -> None:
    """Twice, in any order: with the originals every collage is rebuilt, without them all stay."""
    with archived(keep_originals=keep_originals) as run:
        before, objects = collages(run), pictures(run)
        keys, ready = run.account.s3.keys(OUTPUT), len(run.account.bus.archive)
        assert len(before) > 5
        assert set(before) == {e["detail"]["window_id"] for _, e in run.account.bus.archive}
        for seed in (0, 1):
            built = puts(run)
            run.step(Replay(seed))
            run.step(Work(times=10 * len(before)))
            assert not run.account.queue.messages
            assert collages(run) == before
            assert pictures(run) == objects
            assert run.account.s3.keys(OUTPUT) == keys
            for body in run.account.bodies[: len(before)] + run.account.bodies[-len(before) :]:
                run.account.build(body)  # what comes again builds nothing again
            assert puts(run) - built == (4 * len(before) if keep_originals else 0)
        assert len(run.account.bus.archive) == ready, "a replay is not archived again"
        run.settle()
        check_invariants(run.account, run.batches)


@pytest.mark.parametrize("kind", range(4))
@pytest.mark.parametrize("place", [0, 250, 499])
def test_g5_one_poison_record_in_500_affects_no_other_record(place: int, kind: int) -> None:
    """One invocation takes all 500; the shard is not held up, and nothing is tried again."""
    rows = tuple((0, LASTING[n % 300]) for n in range(499))
    plan = BatchPlan(FULL, NEVER, rows, chunk_rows=1)
    records = 2 + 499  # the batch is registered, its totals are recorded; end marks come later
    scenario = History((plan,), (Push(0, 1 + place), Poison(0, kind), Push(0, records - 1 - place)))
    with run_steps(History(scenario.batches, scenario.steps, batch_size=500)) as run:
        account = run.account
        lane = max(account.lanes, key=lambda each: len(each.records))
        assert len(lane.records) >= 499
        while lane.poll():
            pass
        assert lane.is_done
        assert lane.invocations == 1
        for other in account.lanes:
            other.poll()
        (key,) = [key for key in account.s3.keys(OUTPUT) if key.startswith("failed/records/")]
        reason = json.loads(account.s3.read(OUTPUT, key))["reason"]
        assert reason.startswith("record: ")
        item = Table(account).items[CREATORS[0], "state"]
        assert (int(item["accepted"]), int(item["duplicates"])) == (300, 199)
        run.settle()
        check_invariants(run.account, run.batches)
