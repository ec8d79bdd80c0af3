"""Every AWS call of a run that prefetches covers fails once, with every kind of fault.

In the slow suite each call gets every kind of fault, else one of them (`call_sites`).

Beyond G1, `invariants.check_prefetched` asserts that every closed window finds its prefetched
covers until it has its collage, and that in the end packs and items are left for failed windows
only.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

import pytest

from collage_lambda.originals.image_pack import open_pack, spool
from collage_lambda.prefetch.cover_pack import PackIndex
from stream_ingest.contracts.settings import BATCH_END, FlushPolicy
from stream_ingest.windowing.rules.deadlines import AHEAD_S
from tests.fakes.ingest.aws import TEMP
from tests.faults.harness import history
from tests.faults.harness.call_sites import KINDS, CallSite, share_of
from tests.faults.harness.checks.invariants import check_invariants
from tests.faults.harness.history import EXPIRING_EVERY, BatchPlan, History
from tests.faults.harness.history_runner import HistoryRunner, run_to_end
from tests.faults.harness.injector import Fault, Kind
from tests.faults.harness.simulated_account import SimulatedAccount

ALL_KINDS = (*KINDS, Kind.UNREACHABLE, Kind.THROTTLED)
FIRST_ROWS = (*((n % 3, EXPIRING_EVERY * n - 1) for n in range(1, 8)), (0, 50), (1, 51))
"""Seven that expire, and two that do not."""
LATER_ROWS = tuple((n % 3, 60 + n) for n in range(9))
SCENARIO = History(
    batches=(
        BatchPlan(5, FlushPolicy(kind="never"), FIRST_ROWS, 20),
        BatchPlan(5, BATCH_END, LATER_ROWS, 20),
    ),
    steps=(
        history.Push(0, 9),
        *(history.Deliver(lane, 9) for lane in range(2)),
        history.Sweep(),
        history.Prefetch(),
        history.Prefetch(again=True),
        history.Push(1, 9),
        *(history.Deliver(lane, 9) for lane in range(2)),
        history.Work(times=9),
        history.Prefetch(again=True),
        history.Wait(AHEAD_S),
        history.Sweep(),
        history.Prefetch(),
    ),
    gone=frozenset({EXPIRING_EVERY - 1}),
    prefetch=True,
    batch_size=10,
)
FAULTY_PROCESSES = frozenset({"sweeper", "prefetch", "collage"})
FIRST = {"sweeper": 2, "prefetch": 9, "collage": 4}
"""Number of invocations with faults: those of the scenario's steps, and some that follow."""


def packs(account: SimulatedAccount) -> list[PackIndex]:
    """Return every pack that was ever put, with what was in it."""
    found = []
    for places in (account.s3.versions, account.s3.removed):
        for (bucket, key), versions in places.items():
            for version in versions if bucket == TEMP and key.startswith("prefetched/") else ():
                with spool() as file:
                    file.write(version.body)
                    found.append(open_pack(file, PackIndex)[1])
    return found


def check_all(run: HistoryRunner) -> None:
    check_invariants(run.account, run.batches)
    for index in packs(run.account):
        members = [(each.creator, each.window, each.identity) for each in index.members]
        assert len(set(members)) == len(members)


@cache
def call_sites() -> list[CallSite]:
    with run_to_end(SCENARIO) as run:
        check_all(run)
        invocations = run.account.invocations
    numbers: Counter[str] = Counter()
    found = []
    for invocation in invocations:
        number = numbers[invocation.name]
        numbers[invocation.name] += 1
        if number < FIRST.get(invocation.name, 0):
            found += [
                CallSite(invocation.name, number, nth, call)
                for nth, call in enumerate(invocation.calls)
            ]
    return found


def test_the_scenario_prefetches_covers_and_releases_them() -> None:
    with run_to_end(SCENARIO) as run:
        check_all(run)
        made, shown = packs(run.account), origins(run.account)
    assert {member.creator for index in made for member in index.members} == set(history.CREATORS)
    assert shown["prefetched"] >= 2
    assert {place.process for place in call_sites()} == FAULTY_PROCESSES


def origins(account: SimulatedAccount) -> Counter[str]:
    """Return how many cells show what was prefetched, stored and downloaded."""
    keys = [place for place in account.s3.versions if place[1].startswith("metadata/")]
    documents = [json.loads(account.s3.read(*place)) for place in keys]
    return Counter(cell.get("origin") for document in documents for cell in document["cells"])


def inject_each(kind: Kind, chosen: Sequence[CallSite]) -> Iterator[str]:
    """Run the scenario once for each of these calls, and yield what was injected."""
    for place in chosen:
        fault = Fault(kind, place.nth)
        with run_to_end(SCENARIO, {(place.process, place.invocation): (fault,)}) as run:
            check_all(run)
            yield from run.account.injected


@pytest.mark.parametrize("kind", KINDS)
def test_g1_every_cover_is_prefetched_once_when_any_call_fails(kind: Kind) -> None:
    chosen = share_of(call_sites(), kind)
    assert len(list(inject_each(kind, chosen))) == len(chosen)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ALL_KINDS)
def test_g1_every_cover_is_prefetched_once_when_any_call_fails_in_any_way(kind: Kind) -> None:
    assert len(list(inject_each(kind, call_sites()))) == len(call_sites())


PAUSED = (Kind.PAUSED_BEFORE, Kind.PAUSED_AFTER)


@pytest.mark.parametrize("kind", PAUSED)
@pytest.mark.parametrize("which", [0, -1], ids=["first request", "last request"])
def test_g1_a_late_prefetcher_does_not_interfere_with_others(kind: Kind, which: int) -> None:
    """Others work in its place, close windows and build them; then it continues."""
    steps_of_interest = [
        number for number, each in enumerate(SCENARIO.steps) if isinstance(each, history.Prefetch)
    ]
    at = steps_of_interest[which]
    for nth in range(12):
        slow = history.Prefetch(faults=(Fault(kind, nth),))
        steps = (
            *SCENARIO.steps[:at],
            slow,
            history.Wait(800),
            *SCENARIO.steps[at:],
            history.Resume(0),
        )
        scenario = History(
            batches=SCENARIO.batches, steps=steps, gone=SCENARIO.gone, prefetch=True, batch_size=10
        )
        with run_to_end(scenario) as run:
            check_all(run)
