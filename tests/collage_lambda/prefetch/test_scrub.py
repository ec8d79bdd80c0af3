from __future__ import annotations

from collage_lambda.originals.image_pack import open_pack, spool
from collage_lambda.originals.owned_pack import Owns
from collage_lambda.prefetch.cover_pack import PackIndex
from collage_lambda.prefetch.scrub import cover_scrubber
from stream_ingest.windowing.rules.erasure import erase
from tests.fakes.collage.aws import TEMP
from tests.fakes.prefetch_bench import PACK, PrefetchBench


def index_of(bench: PrefetchBench) -> PackIndex:
    with spool() as file:
        file.write(bench.aws.read(PACK, TEMP))
        file.seek(0)
        return open_pack(file, PackIndex)[1]


def owned_by(creator: str) -> Owns:
    return lambda member: member.creator == creator


def mark_erased(bench: PrefetchBench, creator: str) -> None:
    bench.store.update(
        bench.state(creator), lambda state, now_s: erase(state, now_s, block=False), bench.clock
    )


def test_a_scrubbed_pack_serves_the_others_as_before(bench: PrefetchBench) -> None:
    for number, creator in enumerate(("ann", "bob", "eve")):
        bench.put(creator, f"body/{number}")
    bench.prefetch("ann", "bob", "eve")
    covers = bench.prefetched("ann", "eve")
    before = [bench.bytes_of(cover) for cover in covers if cover]
    (bobs,) = bench.prefetched("bob")
    assert bobs is not None
    scrubber = cover_scrubber(bench.temp, bench.pack_store)
    assert scrubber.scrub(PACK, owned_by("bob")) == 1
    assert [bench.bytes_of(cover) for cover in covers if cover] == before
    assert bench.bytes_of(bobs) == bytes(bobs.length)
    assert [each.creator for each in index_of(bench).members] == ["ann", "", "eve"]
    assert bobs.sha256.encode() not in bench.aws.read(PACK, TEMP)
    assert bench.items()[PACK] == {0, 2}
    assert scrubber.scrub(PACK, owned_by("bob")) == 0, "it is safe to repeat"


def test_a_pack_without_anybody_else_is_deleted(bench: PrefetchBench) -> None:
    bench.put("ann", "body/0")
    bench.put("bob", "body/1")
    bench.prefetch("ann", "bob")
    scrubber = cover_scrubber(bench.temp, bench.pack_store)
    scrubber.scrub(PACK, owned_by("ann"))
    assert scrubber.scrub(PACK, owned_by("bob")) == 1
    assert (bench.packs(), bench.items()) == ([], {})


def test_a_creator_who_is_erased_while_covers_are_fetched_is_not_in_their_pack(
    bench: PrefetchBench,
) -> None:
    bench.put("ann", "body/0")
    bench.put("bob", "body/1")
    event = bench.event("ann", "bob")
    bench.prefetcher(then=lambda: mark_erased(bench, "ann")).prefetch(event, 60)
    assert [each.creator for each in index_of(bench).members] == ["", "bob"]
    assert bench.items()[PACK] == {1}
    (bobs,) = bench.prefetched("bob")
    assert bobs is not None
    assert bench.bytes_of(bobs)
    assert bench.state("ann").open == {}
