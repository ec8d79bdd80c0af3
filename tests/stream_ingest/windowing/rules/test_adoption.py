from __future__ import annotations

import msgspec
import pytest

from stream_ingest.contracts.identity import fingerprint
from stream_ingest.windowing.rules.adoption import ForgottenWindow, adopt
from stream_ingest.windowing.rules.dedup import SeenImages
from stream_ingest.windowing.rules.fold import Arrival, Rules, fold
from stream_ingest.windowing.rules.state import CreatorState
from tests.fakes.ingest.rows import NOW_S, cover_row, header

HORIZON = 90
BATCH = header("batch", images=5)
ROWS = [cover_row(number) for number in range(8)]


def folded(state: CreatorState, rows: range, batch: str = "batch") -> CreatorState:
    head = header(batch, images=5)
    arrivals = [Arrival(head, position, ROWS[position]) for position in rows]
    return fold(state, arrivals, NOW_S, Rules(horizon_days=HORIZON)).state


def forgotten(number: int, rows: range) -> ForgottenWindow:
    return ForgottenWindow(number=number, identities=tuple(ROWS[row].identity for row in rows))


def adopted(state: CreatorState, *windows: ForgottenWindow) -> CreatorState:
    change = adopt(state, windows, NOW_S, HORIZON)
    assert change is not None
    assert not change.windows
    return change.state


def open_identities(state: CreatorState) -> list[str]:
    return [image.known_as for window in state.open.values() for image in window.images]


def test_images_of_a_forgotten_window_leave_open_windows_and_are_known() -> None:
    state = folded(CreatorState(creator="charli"), range(4))
    after = adopted(state, forgotten(1, range(1, 6)))
    assert open_identities(after) == [ROWS[0].identity]
    assert after.next_window == 2
    assert (after.tally, after.watermarks) == (state.tally, state.watermarks)
    again = folded(after, range(4, 8))  # the rows that the stream has since the backup
    assert open_identities(again) == [ROWS[number].identity for number in (0, 6, 7)]


def test_an_open_window_of_which_every_image_was_shown_is_gone() -> None:
    state = folded(CreatorState(creator="charli"), range(2))
    assert adopted(state, forgotten(1, range(5))).open == {}


def test_a_creator_that_the_table_does_not_know_is_made() -> None:
    after = adopted(CreatorState(creator="new"), forgotten(7, range(3)), forgotten(3, range(3, 5)))
    assert (after.next_window, after.open) == (8, {})
    seen = SeenImages(after.seen, NOW_S, HORIZON, 1)
    assert not any(seen.add(fingerprint(row.identity)) for row in ROWS[:5])


@pytest.mark.parametrize("number", [1, 900])
def test_adopting_again_changes_nothing_and_numbers_never_fall(number: int) -> None:
    state = msgspec.structs.replace(CreatorState(creator="charli"), next_window=500)
    after = adopted(state, forgotten(number, range(3)))
    assert after.next_window == max(500, number + 1)
    assert adopt(after, [forgotten(number, range(3))], NOW_S, HORIZON) is None
