"""Which covers are prefetched, when they are requested, and what a state records of them."""

from __future__ import annotations

import msgspec
import pytest

from stream_ingest.contracts.events import PrefetchedCover
from stream_ingest.contracts.identity import image_identity
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.windowing.rules.closing import close_due
from stream_ingest.windowing.rules.deadlines import (
    AHEAD_S,
    REQUEST_AGAIN_S,
    SAFE_TIME_S,
    SLOT_S,
    due_at,
)
from stream_ingest.windowing.rules.fold import Arrival
from stream_ingest.windowing.rules.prefetch import (
    Fetched,
    expiring_covers,
    pack_key,
    record_fetched,
    request_expiring,
)
from stream_ingest.windowing.rules.state import CreatorState
from tests.fakes.ingest.fold import NEW, expiring, folded
from tests.fakes.ingest.rows import NOW_S, arrivals, cover_url, header, object_id

NEVER = header(flush=FlushPolicy(kind="never"))
KEY = NEVER.settings.window_key
SOON = NOW_S + AHEAD_S
LATER = NOW_S + AHEAD_S + SLOT_S + 1


def state_of(*rows: Arrival) -> CreatorState:
    return folded(NEW, rows).state


def waiting(*expiries: int) -> CreatorState:
    """Return a creator whose covers, numbered from 0, expire then."""
    return state_of(
        *(expiring(number, moment, NEVER, number) for number, moment in enumerate(expiries))
    )


def prefetched(member: int = 0, until: int = NOW_S + 50 * 86_400) -> PrefetchedCover:
    return PrefetchedCover(
        pack="prefetched/p.zip", member=member, offset=0, length=9, sha256="0" * 64, until=until
    )


def fetched(number: int, cover: PrefetchedCover | None = None, lost: str | None = None) -> Fetched:
    return Fetched(window=KEY, identity=object_id(number), prefetched=cover, lost=lost)


def numbers_at_risk(state: CreatorState, now_s: int = NOW_S) -> list[str]:
    return [image_identity(cover.image.url) for cover in expiring_covers(state, now_s)]


def test_only_covers_that_die_within_two_hours_are_at_risk() -> None:
    state = waiting(SOON, LATER, NOW_S + 60)
    assert numbers_at_risk(state) == [object_id(0), object_id(2)]


def test_covers_without_an_expiry_are_never_at_risk() -> None:
    state = state_of(*arrivals([1, 2], NEVER))
    assert expiring_covers(state, NOW_S) == []
    assert due_at(state, prefetch=True) is None


def test_a_creator_is_due_at_the_full_hour_one_to_two_hours_before() -> None:
    """So all covers of that hour, of all creators, are requested in one sweep."""
    for expires in (LATER, LATER + 600, LATER + 3_000):
        due = due_at(waiting(expires), prefetch=True)
        assert due is not None
        assert due % SLOT_S == 0
        assert AHEAD_S <= expires - due < AHEAD_S + SLOT_S


def test_a_request_is_recorded_and_repeated_after_fifteen_minutes() -> None:
    state = waiting(SOON, SOON + 9 * 86_400)
    requested, covers = request_expiring(state, NOW_S)
    assert covers == 1
    assert request_expiring(requested, NOW_S + 60) == (requested, 0)
    assert due_at(requested, prefetch=True) == NOW_S + REQUEST_AGAIN_S
    again, covers = request_expiring(requested, NOW_S + REQUEST_AGAIN_S)
    assert covers == 1
    assert again.open[KEY].requested_at == NOW_S + REQUEST_AGAIN_S


def test_a_creator_that_is_not_due_is_unchanged() -> None:
    state = waiting(NOW_S + 86_400)
    after, covers = request_expiring(state, NOW_S)
    assert after is state
    assert covers == 0


def test_a_prefetched_cover_is_not_at_risk_and_its_window_stays_open() -> None:
    requested, _ = request_expiring(waiting(SOON), NOW_S)
    after, members = record_fetched(requested, [fetched(0, prefetched(4))], NOW_S + 5)
    assert members == {4}
    assert expiring_covers(after, NOW_S + 5) == []
    (image,) = after.open[KEY].images
    assert image.prefetched == prefetched(4)
    assert after.open[KEY].requested_at is None
    assert not close_due(after, SOON + 86_400, prefetch=True)


def test_recording_twice_changes_nothing_and_returns_the_same_members() -> None:
    requested, _ = request_expiring(waiting(SOON), NOW_S)
    once, members = record_fetched(requested, [fetched(0, prefetched(4))], NOW_S)
    twice, again = record_fetched(once, [fetched(0, prefetched(4))], NOW_S + 60)
    assert twice is once
    assert members == again == {4}


def test_a_second_copy_is_ignored() -> None:
    once, _ = record_fetched(waiting(SOON), [fetched(0, prefetched(4))], NOW_S)
    other = msgspec.structs.replace(prefetched(1), pack="prefetched/other.zip")
    after, members = record_fetched(once, [fetched(0, other)], NOW_S)
    assert after is once
    assert members == set()


def test_a_window_that_was_closed_meanwhile_needs_no_copy() -> None:
    after, members = record_fetched(NEW, [fetched(0, prefetched(4))], NOW_S)
    assert after is NEW
    assert members == set()


def test_a_lost_cover_keeps_its_place_and_its_reason() -> None:
    requested, _ = request_expiring(waiting(SOON), NOW_S)
    after, members = record_fetched(requested, [fetched(0, lost="not_found")], NOW_S)
    assert members == set()
    assert after.open[KEY].images[0].lost == "not_found"
    assert due_at(after, prefetch=True) is None
    closed = folded(after, arrivals(range(1, 35), NEVER, 9)).windows[0]
    assert (closed.images[0].lost, closed.images[1].lost) == ("not_found", None)


def test_a_cover_that_expired_before_its_request_is_lost_and_closes_nothing() -> None:
    state = waiting(NOW_S - 1, SOON + 86_400)
    after, covers = request_expiring(state, NOW_S)
    assert covers == 0
    assert [image.lost for image in after.open[KEY].images] == ["expired", None]
    assert due_at(after, prefetch=True) == (SOON + 86_400 - AHEAD_S) // SLOT_S * SLOT_S
    assert not close_due(after, NOW_S, prefetch=True)


def test_a_cover_not_prefetched_in_time_closes_its_window_while_the_urls_work() -> None:
    requested, _ = request_expiring(waiting(SOON), NOW_S)
    assert not close_due(requested, SOON - SAFE_TIME_S - 1, prefetch=True)
    change = close_due(requested, SOON - SAFE_TIME_S, prefetch=True)
    assert [window.because for window in change.windows] == ["expiring"]


def test_a_cover_that_arrives_almost_expired_is_requested_before_its_window_closes() -> None:
    state = waiting(NOW_S + 1_200)
    assert not close_due(state, NOW_S, prefetch=True)
    requested, covers = request_expiring(state, NOW_S)
    assert covers == 1
    assert not close_due(requested, NOW_S + REQUEST_AGAIN_S - 1, prefetch=True)
    assert close_due(requested, NOW_S + REQUEST_AGAIN_S, prefetch=True)


def test_a_window_does_not_outlive_the_copies_either() -> None:
    until = NOW_S + 60 * 86_400
    state, _ = record_fetched(waiting(SOON), [fetched(0, prefetched(until=until))], NOW_S)
    due = due_at(state, prefetch=True)
    assert due is not None
    assert AHEAD_S <= until - due < AHEAD_S + SLOT_S
    requested, covers = request_expiring(state, due)
    assert covers == 0
    change = close_due(requested, until - SAFE_TIME_S, prefetch=True)
    assert [window.because for window in change.windows] == ["expiring"]


def test_closed_windows_say_where_their_covers_are_prefetched() -> None:
    state, _ = record_fetched(waiting(SOON), [fetched(0, prefetched(4))], NOW_S)
    change = folded(state, arrivals(range(1, 35), NEVER, 9))
    assert [image.prefetched for image in change.windows[0].images[:2]] == [prefetched(4), None]


def test_new_rows_keep_requests_and_prefetched_covers_of_their_window() -> None:
    requested, _ = request_expiring(waiting(SOON, SOON), NOW_S)
    state, _ = record_fetched(requested, [fetched(0, prefetched(4))], NOW_S)
    after = folded(state, [expiring(7, SOON + 5 * 86_400, NEVER, 7)]).state
    assert after.open[KEY].requested_at == NOW_S
    assert after.open[KEY].images[0].prefetched == prefetched(4)
    assert numbers_at_risk(after) == [object_id(1)]


def test_without_dedup_the_same_cover_can_be_in_two_windows() -> None:
    other = header("other", images=9, flush=FlushPolicy(kind="never"))
    settings = msgspec.structs.replace(other.settings, dedup=False)
    again = msgspec.structs.replace(other, settings=settings)
    state = state_of(expiring(0, SOON, NEVER, 0), expiring(0, SOON, again, 0))
    assert {cover.window for cover in expiring_covers(state, NOW_S)} == {KEY, settings.window_key}


@pytest.mark.parametrize("creators", [["ann"], ["ann", "bob"], ["=C3=A9"]])
def test_a_pack_key_depends_on_creators_and_time(creators: list[str]) -> None:
    key = pack_key(creators, NOW_S)
    assert key == pack_key(creators, NOW_S)
    assert key.startswith("prefetched/2026/11/06/")
    assert key not in {pack_key(creators, NOW_S + 1), pack_key([*creators, "eve"], NOW_S)}


def test_old_states_and_urls_without_an_expiry_are_still_read() -> None:
    """What was written before covers were prefetched has neither field."""
    state = state_of(*arrivals([1], NEVER))
    (image,) = state.open[KEY].images
    assert (image.prefetched, image.lost, state.open[KEY].requested_at) == (None, None, None)
    assert image.url == cover_url(1)
