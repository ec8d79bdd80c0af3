"""Each call of a run that prefetches covers goes wrong once, in every way, a slow process among
them.

In the slow suite every kind of fault strikes each call, else each kind its half (`fault_places`).

What the verdict asks of it beyond G1 (`fault_verdict.check_prefetched`): every closed window finds
its prefetched covers where its event has them until it has its collage, and in the end no pack and
no item is left but for windows that failed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain

import pytest

from collage_lambda.originals.pack import open_pack, spool
from collage_lambda.prefetch.cover_pack import PackIndex
from stream_ingest.contracts.settings import BATCH_END, FlushPolicy
from stream_ingest.windowing.rules.deadlines import AHEAD_S
from tests.fakes.ingest.aws import TEMP
from tests.faults.harness import history
from tests.faults.harness.checks.verdict import check
from tests.faults.harness.history import EXPIRING_EVERY, BatchPlan, History
from tests.faults.harness.injector import Fault, Kind
from tests.faults.harness.places import PAIRS, Place, half
from tests.faults.harness.play import Play, played
from tests.faults.harness.stage import Stage

KINDS = (*chain(*PAIRS), Kind.UNREACHABLE, Kind.THROTTLED)
FIRST_ROWS = (*((n % 3, EXPIRING_EVERY * n - 1) for n in range(1, 8)), (0, 50), (1, 51))
"""Seven that expire, and two that do not."""
LATER_ROWS = tuple((n % 3, 60 + n) for n in range(9))
STORY = History(
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
STRUCK = frozenset({"sweeper", "prefetch", "collage"})
FIRST = {"sweeper": 2, "prefetch": 9, "collage": 4}
"""Invocations that are struck: those of the story's own steps, and some of what follows."""


def packs(stage: Stage) -> list[PackIndex]:
    """Return every pack that was ever put, with what was in it."""
    found = []
    for places in (stage.s3.versions, stage.s3.removed):
        for (bucket, key), versions in places.items():
            for version in versions if (bucket, key[:5]) == (TEMP, "prefetched/") else ():
                with spool() as file:
                    file.write(version.body)
                    found.append(open_pack(file, PackIndex)[1])
    return found


def check_all(run: Play) -> None:
    check(run.stage, run.batches)
    for index in packs(run.stage):
        members = [(each.creator, each.window, each.identity) for each in index.members]
        assert len(set(members)) == len(members)


@cache
def places() -> list[Place]:
    with played(STORY) as run:
        check_all(run)
        invocations = run.stage.invocations
    numbers: Counter[str] = Counter()
    found = []
    for invocation in invocations:
        number = numbers[invocation.name]
        numbers[invocation.name] += 1
        if number < FIRST.get(invocation.name, 0):
            found += [
                Place(invocation.name, number, nth, call)
                for nth, call in enumerate(invocation.calls)
            ]
    return found


def test_the_story_prefetches_covers_and_releases_them() -> None:
    with played(STORY) as run:
        check_all(run)
        made, shown = packs(run.stage), origins(run.stage)
    assert {member.creator for index in made for member in index.members} == set(history.CREATORS)
    assert shown["prefetched"] >= 2
    assert {place.process for place in places()} == STRUCK


def origins(stage: Stage) -> Counter[str]:
    """Return how many cells show what was prefetched, stored and downloaded."""
    keys = [place for place in stage.s3.versions if place[1].startswith("metadata/")]
    documents = [json.loads(stage.s3.read(*place)) for place in keys]
    return Counter(cell.get("origin") for document in documents for cell in document["cells"])


def struck_by(kind: Kind, chosen: Sequence[Place]) -> Iterator[str]:
    """Play the story once for each of these calls, and yield what was struck."""
    for place in chosen:
        fault = Fault(kind, place.nth)
        with played(STORY, {(place.process, place.invocation): (fault,)}) as run:
            check_all(run)
            yield from run.stage.struck


@pytest.mark.parametrize("kind", [*chain(*PAIRS)])
def test_g1_every_cover_is_prefetched_once_whichever_call_goes_wrong(kind: Kind) -> None:
    chosen = half(places(), kind)
    assert len(list(struck_by(kind, chosen))) == len(chosen)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_g1_every_cover_is_prefetched_once_whichever_call_goes_wrong_of_all(kind: Kind) -> None:
    assert len(list(struck_by(kind, places()))) == len(places())


PAUSED = (Kind.PAUSED_BEFORE, Kind.PAUSED_AFTER)


@pytest.mark.parametrize("kind", PAUSED)
@pytest.mark.parametrize("which", [0, -1], ids=["first request", "last request"])
def test_g1_a_late_prefetcher_takes_nothing_from_others(kind: Kind, which: int) -> None:
    """Others work in its place, close windows and build them; then it goes on where it was."""
    steps_of_interest = [
        number for number, each in enumerate(STORY.steps) if isinstance(each, history.Prefetch)
    ]
    at = steps_of_interest[which]
    for nth in range(12):
        slow = history.Prefetch(faults=(Fault(kind, nth),))
        steps = (*STORY.steps[:at], slow, history.Wait(800), *STORY.steps[at:], history.Resume(0))
        story = History(
            batches=STORY.batches, steps=steps, gone=STORY.gone, prefetch=True, batch_size=10
        )
        with played(story) as run:
            check_all(run)
