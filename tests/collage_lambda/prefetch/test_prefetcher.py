"""Prefetch requests: each cover once, whatever is delivered twice, late or concurrently."""

from __future__ import annotations

import msgspec
import pytest

from collage_lambda.prefetch.prefetcher import COMMIT_S, MIN_FETCH_S
from stream_ingest.contracts.errors import ConflictError, TransientError
from stream_ingest.contracts.events import PrefetchedCover
from stream_ingest.contracts.naming import creator_key
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.prefetch import RECORDED_LIFE_S
from stream_ingest.windowing.rules.state import CreatorState
from tests.fakes.collage.aws import TABLE, CollageAws
from tests.fakes.prefetch_bench import PACK, PrefetchBench

OTHER_PACK = "prefetched/2026/11/06/121500-abc.zip"


class MeddledStore(CreatorRepository):
    """The real store; before its first commit another writer is let in."""

    def __init__(self, aws: CollageAws, bench: PrefetchBench, *urls: str) -> None:
        super().__init__(aws.dynamodb, TABLE, prefetch=True)
        self._bench, self._urls = bench, list(urls)

    def commit(self, before: CreatorState, change: Change, now_s: int) -> None:
        """Let a row be folded first, then commit."""
        if self._urls:
            self._bench.put_urls(before.creator, self._urls.pop(0))
        super().commit(before, change, now_s)


def prefetched_bytes(bench: PrefetchBench, *creators: str) -> list[bytes]:
    """Return the bytes of open images that are prefetched, in the order of their windows."""
    return [bench.bytes_of(each) for each in bench.prefetched(*creators) if each is not None]


def bodies(bench: PrefetchBench, *names: str) -> list[bytes]:
    return [bench.server.bodies[name] for name in names]


def test_only_covers_at_risk_are_fetched_each_once_into_one_pack(bench: PrefetchBench) -> None:
    bench.put("ann", "body/0", "body/1")
    bench.put("ann", "body/2", life_s=9 * 3_600)
    bench.put("bob", "body/3")
    bench.put("eve", "body/4")  # not requested
    done = bench.prefetch("ann", "bob")
    assert dict(bench.server.hits) == {"body/0": 1, "body/1": 1, "body/3": 1}
    assert (done.at_risk, done.prefetched, done.lost) == (3, 3, {})
    assert done.bytes_downloaded == sum(map(len, bodies(bench, "0", "1", "3")))
    assert prefetched_bytes(bench, "ann", "bob") == bodies(bench, "0", "1", "3")
    assert bench.packs() == [PACK]
    assert bench.items() == {PACK: {0, 1, 2}}


def test_the_same_event_again_fetches_nothing_and_records_the_same(bench: PrefetchBench) -> None:
    bench.put("ann", "body/0", "body/1")
    bench.prefetch("ann")
    before, items, hits = bench.state("ann"), bench.items(), dict(bench.server.hits)
    done = bench.prefetch("ann")
    assert (done.at_risk, done.prefetched) == (0, 2)
    assert bench.state("ann") == before
    assert bench.items() == items
    assert dict(bench.server.hits) == hits


def test_without_anything_at_risk_nothing_is_put(bench: PrefetchBench) -> None:
    bench.put("ann", "body/0", life_s=86_400)
    done = bench.prefetch("ann", "nobody")
    assert (done.at_risk, done.prefetched) == (0, 0)
    assert bench.aws.stored("temp") == []
    assert bench.items() == {}
    assert not bench.server.hits


def test_a_window_that_is_closed_while_its_covers_are_fetched_needs_no_pack(
    bench: PrefetchBench,
) -> None:
    bench.put("ann", "body/0", "body/1")
    done = bench.prefetcher(then=lambda: bench.close("ann")).prefetch(bench.event("ann"), 60)
    assert done.prefetched == 0
    assert bench.packs() == []
    assert bench.items() == {}


def test_a_pack_stays_until_its_last_cover_is_released(bench: PrefetchBench) -> None:
    bench.put("ann", "body/0", "body/1")
    bench.put("bob", "body/2")
    bench.prefetcher(then=lambda: bench.close("ann")).prefetch(bench.event("ann", "bob"), 60)
    assert bench.items() == {PACK: {2}}
    (prefetched,) = bench.prefetched("bob")
    assert prefetched is not None
    bench.pack_store.release_pack([prefetched])
    assert bench.packs() == []
    assert bench.items() == {}


def close_and_list_prefetched(bench: PrefetchBench, creator: str) -> list[PrefetchedCover]:
    """Close a window as its collage would find it, and return what is prefetched for it."""
    return [image.prefetched for image in bench.close(creator) if image.prefetched]


def test_the_same_event_again_keeps_the_covers_of_a_closed_window(
    bench: PrefetchBench,
) -> None:
    """The collage comes later, by the references in its event."""
    bench.put("ann", "body/0")
    bench.prefetch("ann")
    (prefetched,) = close_and_list_prefetched(bench, "ann")
    bench.prefetch("ann")
    assert bench.bytes_of(prefetched) == bench.server.bodies["0"]
    assert bench.items() == {PACK: {0}}


def test_two_deliveries_at_once_make_one_pack_and_refer_to_it(bench: PrefetchBench) -> None:
    bench.put("ann", "body/0", "body/1")
    event = bench.event("ann")
    done = bench.prefetcher(then=lambda: bench.prefetch("ann")).prefetch(event, 60)
    assert done.prefetched == 2
    assert prefetched_bytes(bench, "ann") == bodies(bench, "0", "1")
    assert bench.items() == {PACK: {0, 1}}


def test_a_late_delivery_keeps_the_covers_of_a_closed_window(
    bench: PrefetchBench,
) -> None:
    """Both deliveries fetched the covers; the other recorded its own, then the window closed."""
    bench.put("ann", "body/0")
    waiting: list[PrefetchedCover] = []

    def other() -> None:
        bench.prefetch("ann")
        waiting.extend(close_and_list_prefetched(bench, "ann"))

    bench.prefetcher(then=other).prefetch(bench.event("ann"), 60)
    (prefetched,) = waiting
    assert bench.bytes_of(prefetched) == bench.server.bodies["0"]
    assert bench.items() == {PACK: {0}}


def test_a_cover_lost_in_one_delivery_is_prefetched_by_the_other(
    bench: PrefetchBench,
) -> None:
    """A CDN that refuses one of two requests for the same cover."""
    bench.put("ann", "body/0", "body/1")
    body = bench.server.bodies["0"]
    bench.server.bodies["0"] = b"no image"

    def other() -> None:
        bench.server.bodies["0"] = body
        bench.prefetch("ann")

    bench.prefetcher(then=other).prefetch(bench.event("ann"), 60)
    assert prefetched_bytes(bench, "ann") == bodies(bench, "0", "1")
    assert [image.lost for image in bench.images("ann")] == [None, None]
    assert bench.items() == {PACK: {0, 1}}


def test_covers_requested_twice_are_prefetched_once(bench: PrefetchBench) -> None:
    """Requested again while the first request was still waiting: both fetched the covers."""
    bench.put("ann", "body/0")
    later = bench.prefetcher(then=lambda: bench.prefetch("ann"))
    later.prefetch(bench.event("ann", pack=OTHER_PACK), 60)
    assert [prefetched.pack for prefetched in bench.prefetched("ann") if prefetched] == [PACK]
    assert bench.packs() == [PACK]
    assert bench.items() == {PACK: {0}}


def test_a_row_folded_at_the_same_time_loses_neither_change(
    bench: PrefetchBench,
) -> None:
    bench.put("ann", "body/0")
    store = MeddledStore(bench.aws, bench, bench.url("body/5", 9 * 3_600))
    bench.prefetcher(store=store).prefetch(bench.event("ann"), 60)
    prefetched, new = bench.prefetched("ann")
    assert prefetched is not None
    assert new is None
    assert bench.state("ann").tally.accepted == 2
    assert bench.items() == {PACK: {0}}


def test_a_window_that_fills_at_the_same_time_is_closed_with_its_urls(
    bench: PrefetchBench,
) -> None:
    bench.put("ann", *(f"body/{number % 9}?{number}" for number in range(34)))
    store = MeddledStore(bench.aws, bench, bench.url("body/5?last"))
    done = bench.prefetcher(store=store).prefetch(bench.event("ann"), 60)
    assert done.prefetched == 0
    assert bench.state("ann").open == {}
    assert bench.state("ann").next_window == 2
    assert bench.packs() == []
    assert bench.items() == {}


def test_a_prefetcher_that_always_conflicts_has_its_message_redelivered(
    bench: PrefetchBench,
) -> None:
    bench.put("ann", "body/0")
    urls = [bench.url(f"body/5?{number}", 9 * 3_600) for number in range(5)]
    store = MeddledStore(bench.aws, bench, *urls)
    with pytest.raises(TransientError, match="5 write conflicts in a row"):
        bench.prefetcher(store=store).prefetch(bench.event("ann"), 60)
    assert bench.prefetch("ann").prefetched == 1
    assert bench.server.hits["body/0"] == 1


def test_nothing_is_begun_with_too_little_time(bench: PrefetchBench) -> None:
    bench.put("ann", "body/0")
    with pytest.raises(TransientError, match="no time left"):
        bench.prefetch("ann", remaining_s=COMMIT_S + MIN_FETCH_S - 0.1)
    assert not bench.server.hits


def test_a_cover_of_two_windows_is_fetched_once_and_released_twice(
    bench: PrefetchBench,
) -> None:
    bench.put("ann", "body/0")
    state = bench.state("ann")
    (window,) = state.open.values()
    twice = {**state.open, "another": window}
    again = msgspec.structs.replace(state, open=twice)
    bench.store.commit(state, Change(state=again), 0)
    assert bench.prefetch("ann").prefetched == 2
    assert bench.server.hits["body/0"] == 1
    windows = bench.state("ann").open.values()
    first, second = (image.prefetched for each in windows for image in each.images)
    assert first is not None
    assert second is not None
    assert (first.member, second.member) == (0, 1)
    assert (first.offset, first.length) == (second.offset, second.length)
    bench.pack_store.release_pack([first])
    assert bench.packs() == [PACK]
    bench.pack_store.release_pack([second])
    assert bench.packs() == []


def test_a_request_that_states_have_forgotten_changes_nothing(bench: PrefetchBench) -> None:
    """Redriven from the dead letters after days, when its pack may be in use."""
    bench.put("ann", "body/0")
    bench.prefetch("ann")
    bench.close("ann")
    bench.clock.advance(RECORDED_LIFE_S)
    before = bench.state("ann")
    done = bench.prefetch("ann")
    assert done.prefetched == done.at_risk == 0
    assert bench.state("ann") == before
    assert bench.items() == {PACK: {0}}


def test_states_forget_packs_in_the_end(bench: PrefetchBench) -> None:
    bench.put("ann", "body/0")
    bench.prefetch("ann")
    bench.clock.advance(RECORDED_LIFE_S)
    bench.put("ann", "body/1")
    bench.prefetch("ann", pack=OTHER_PACK)
    assert bench.state("ann").recorded.keys() == {OTHER_PACK}


def test_an_event_whose_pack_was_deleted_fetches_again_only_for_other_creators(
    bench: PrefetchBench,
) -> None:
    """The closed window has its collage; a cover that failed the first time is fetched now."""
    bench.put("ann", "body/0")
    bench.put("bob", "status/503")
    bench.prefetch("ann", "bob")
    old = close_and_list_prefetched(bench, "ann")
    bench.put("ann", "body/2")
    bench.pack_store.release_pack(old)
    bench.clock.advance(60)
    bench.put("bob", "body/7")
    bench.prefetch("ann", "bob")
    assert bench.server.hits["body/2"] == 0
    assert prefetched_bytes(bench, "bob") == bodies(bench, "7")
    bench.pack_store.release_pack(old)  # the collage's message is redelivered
    assert bench.packs() == [PACK]
    assert prefetched_bytes(bench, "bob") == bodies(bench, "7")


def test_creator_names_are_keys_of_states(bench: PrefetchBench) -> None:
    bench.put("Zoë #1", "body/0")
    assert creator_key("Zoë #1") != "Zoë #1"
    assert bench.prefetch("Zoë #1").prefetched == 1


def test_a_conflict_is_not_a_success(bench: PrefetchBench) -> None:
    """The store refuses what was decided on an old state, or this would test nothing."""
    state = bench.put("ann", "body/0")
    bench.put("ann", "body/1")
    with pytest.raises(ConflictError):
        bench.store.commit(state, Change(state=state), 0)
