from __future__ import annotations

import msgspec
import pytest

from stream_ingest.windowing.rules.closing import MAX_CLOSED
from stream_ingest.windowing.rules.erasure import REMAINS_LIFE_S, erase, unblock
from stream_ingest.windowing.rules.fold import Arrival
from stream_ingest.windowing.rules.state import CreatorState, Tally
from tests.fakes.ingest.fold import ONCE, folded, opened
from tests.fakes.ingest.rows import NOW_S, arrivals, cover_row, header

LATER = header("later")


def erased(*, block: bool = False) -> CreatorState:
    return erase(opened(range(3), ONCE), NOW_S, block=block).state


def arriving(at_s: int, *numbers: int) -> list[Arrival]:
    return [Arrival(LATER, number, cover_row(number), at_s) for number in numbers]


def test_only_what_has_to_remain_remains() -> None:
    before = opened(range(3), ONCE)
    change = erase(before, NOW_S, block=False)
    assert change.state == CreatorState(
        creator="charli",
        next_window=before.next_window + MAX_CLOSED,
        watermarks=before.watermarks,
        erased_at=NOW_S,
        expires_at=NOW_S + REMAINS_LIFE_S,
    )
    assert change.spilled == {"once": Tally(3, 0, 0)}
    assert change.counted_as == "(erased)"


def test_a_redelivery_of_erased_rows_changes_nothing() -> None:
    state = erased()
    assert not folded(state, arrivals(range(3), ONCE))


@pytest.mark.parametrize(("at_s", "accepted"), [(NOW_S - 1, 0), (NOW_S, 0), (NOW_S + 1, 2)])
def test_rows_that_the_stream_received_later_are_new(at_s: int, accepted: int) -> None:
    state = folded(erased(), arriving(at_s, 5, 6)).state
    assert (state.tally.accepted, state.tally.blocked) == (accepted, 2 - accepted)
    assert state.open_images == accepted
    assert (state.expires_at is None) == bool(accepted), "a state with images must not expire"


def test_a_blocked_creator_has_no_new_rows_until_it_is_unblocked() -> None:
    state = folded(erased(block=True), arriving(NOW_S + 9, 5, 6)).state
    assert (state.tally, state.open, state.expires_at) == (Tally(blocked=2), {}, None)
    assert erase(state, NOW_S + 10, block=False).state.is_blocked
    change = unblock(state, NOW_S + 20)
    assert change is not None
    assert folded(change.state, arriving(NOW_S + 21, 7)).state.open_images == 1
    assert unblock(change.state, NOW_S + 30) is None


@pytest.mark.parametrize(("first_window", "begin"), [(1, 7), (7, 7), (1_000, 1_000)])
def test_numbers_of_windows_go_on_after_those_of_late_writers(
    first_window: int, begin: int
) -> None:
    """They number their windows from the state that they read, or from the table's first number."""
    state = msgspec.structs.replace(opened(range(3), ONCE), next_window=7)
    change = erase(state, NOW_S, block=False, first_window=first_window)
    assert change.barred == range(begin, change.state.next_window)
    assert len(change.barred) == MAX_CLOSED
