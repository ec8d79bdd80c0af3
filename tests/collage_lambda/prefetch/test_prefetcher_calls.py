"""A prefetcher dies, or is not answered, at each of its calls; the request's next delivery ends
it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from collage_lambda.originals.temp_store import TempStore
from collage_lambda.prefetch.pack_store import PackStore
from collage_lambda.prefetch.prefetcher import Prefetcher
from collage_lambda.prefetch.scrub import cover_scrubber
from stream_ingest.contracts.errors import TransientError
from stream_ingest.windowing.repository import CreatorRepository
from tests.fakes.collage.aws import TABLE, TEMP
from tests.fakes.ingest.threads import InlineExecutor
from tests.fakes.prefetch_bench import LIFE_S, PACK, PrefetchBench
from tests.faults.harness.aws.errors import KilledError
from tests.faults.harness.injector import Fault, Faults, Faulty, Kind

KINDS = (Kind.KILLED_BEFORE, Kind.KILLED_AFTER, Kind.LOST, Kind.THROTTLED, Kind.RETRIED)
CALLS = 12
"""More calls than any scenario makes; `calls` counts those that failed."""


def dying(
    bench: PrefetchBench, faults: Faults, then: Callable[[], object] | None = None
) -> Prefetcher:
    """Return a prefetcher whose calls meet faults, and who works on one creator after another."""
    s3, dynamodb = (
        Faulty(bench.aws.s3, "s3", faults),
        Faulty(bench.aws.dynamodb, "dynamodb", faults),
    )
    cover_fetcher = bench.cover_fetcher()
    if then is not None:
        cover_fetcher.then = then  # type: ignore[method-assign]
    temp = TempStore(s3, TEMP)  # type: ignore[arg-type]
    pack_store = PackStore(s3, TEMP, dynamodb, TABLE)  # type: ignore[arg-type]
    return Prefetcher(
        creators=CreatorRepository(dynamodb, TABLE, prefetch=True),  # type: ignore[arg-type]
        pack_store=pack_store,
        temp=temp,
        scrubber=cover_scrubber(temp, pack_store),
        cover_fetcher=cover_fetcher,
        threads=InlineExecutor(),
        clock=bench.clock,
        life_s=LIFE_S,
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("nth", range(CALLS))
def test_covers_are_prefetched_once_wherever_a_prefetcher_ends(
    bench: PrefetchBench, kind: Kind, nth: int
) -> None:
    """Bob's window closes in between, so one member is released."""
    bench.put("ann", "body/0", "body/1")
    bench.put("bob", "body/2")
    bench.put("eve", "body/3", "status/404")
    event, faults = bench.event("ann", "bob", "eve"), Faults([Fault(kind, nth)])
    with suppress(KilledError, TransientError):
        dying(bench, faults, lambda: bench.close("bob")).prefetch(event, 60)
    if bench.state("bob").open:  # it ended before it had fetched
        bench.close("bob")
    bench.prefetch("ann", "bob", "eve")
    prefetched = bench.prefetched("ann", "eve")[:3]
    assert all(prefetched)
    assert [bench.bytes_of(each) for each in prefetched if each] == [
        bench.server.bodies[name] for name in "013"
    ]
    assert bench.packs() == [PACK]
    assert bench.items() == {PACK: {each.member for each in prefetched if each}}
    bench.pack_store.release_pack(each for each in prefetched if each)
    assert bench.packs() == []
    assert bench.items() == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("nth", range(CALLS))
def test_unneeded_covers_leave_nothing_behind_wherever_a_prefetcher_ends(
    bench: PrefetchBench, kind: Kind, nth: int
) -> None:
    bench.put("ann", "body/0")
    faults = Faults([Fault(kind, nth)])
    with suppress(KilledError, TransientError):
        dying(bench, faults, lambda: bench.close("ann")).prefetch(bench.event("ann"), 60)
    if bench.state("ann").open:  # as above
        bench.close("ann")
    bench.prefetch("ann")
    assert bench.packs() == []
    assert bench.items() == {}


def test_a_cover_in_another_deliverys_pack_is_not_lost(bench: PrefetchBench) -> None:
    """The other one was luckier with a fickle server, and died when its pack was up."""
    bench.put("ann", "body/0", "body/1")
    body, event = bench.server.bodies["0"], bench.event("ann")
    bench.server.bodies["0"] = b"no image"

    def other() -> None:
        bench.server.bodies["0"] = body
        faults = Faults([Fault(Kind.KILLED_AFTER, operation="put_object")])
        with pytest.raises(KilledError):
            dying(bench, faults).prefetch(event, 60)

    assert bench.prefetcher(then=other).prefetch(event, 60).prefetched == 2
    assert all(bench.prefetched("ann"))
    assert bench.items() == {PACK: {0, 1}}


def test_every_call_of_the_scenarios_is_made_to_fail(bench: PrefetchBench) -> None:
    bench.put("ann", "body/0", "body/1")
    bench.put("bob", "body/2")
    bench.put("eve", "body/3", "status/404")
    faults = Faults()
    event = bench.event("ann", "bob", "eve")
    dying(bench, faults, lambda: bench.close("bob")).prefetch(event, 60)
    assert len(faults.calls) < CALLS
    assert faults.calls[:6] == [
        "dynamodb.batch_get_item",
        "s3.get_object",
        "dynamodb.delete_item",
        "s3.put_object",
        "dynamodb.put_item",
        "s3.head_object",
    ]
