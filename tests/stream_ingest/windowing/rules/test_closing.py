"""When and why a window is closed before it is full."""

from __future__ import annotations

import msgspec
import pytest

from stream_ingest.contracts.identity import image_identity
from stream_ingest.contracts.settings import DAY_S, FlushPolicy
from stream_ingest.windowing.rules.closing import MAX_WINDOWS, close_batch, close_due
from stream_ingest.windowing.rules.deadlines import SAFE_TIME_S, due_at
from stream_ingest.windowing.rules.fold import Arrival
from stream_ingest.windowing.rules.state import Tally
from tests.fakes.ingest.fold import NEW, expiring, folded, identities, opened
from tests.fakes.ingest.rows import NOW_S, arrivals, cover_row, cover_url, header, object_id

NEVER = FlushPolicy(kind="never")
BATCH_END = FlushPolicy(kind="batch-end")


def test_the_idle_time_counts_from_the_last_image() -> None:
    state = opened([1], header(flush=FlushPolicy(idle_s=7_200)))
    state = folded(
        state, arrivals([2], header(flush=FlushPolicy(idle_s=7_200)), 1), NOW_S + 3_000
    ).state
    assert not close_due(state, NOW_S + 3_000 + 7_199)
    change = close_due(state, NOW_S + 3_000 + 7_200)
    assert change
    assert identities(change) == [[object_id(1), object_id(2)]]
    assert change.windows[0].because == "idle"
    assert change.state.open == {}
    assert change.state.next_window == 2
    assert change.state.tally == Tally(accepted=2, windows=1)


def test_a_duplicate_does_not_keep_a_window_waiting() -> None:
    policy = FlushPolicy(idle_s=3_600)
    state = opened([1], header(flush=policy))
    state = folded(state, arrivals([1], header(flush=policy), 1), NOW_S + 3_000).state
    assert close_due(state, NOW_S + 3_600)


def test_the_shortest_requested_idle_time_applies() -> None:
    state = opened([1], header("a", flush=FlushPolicy(idle_s=100)))
    state = folded(state, arrivals([2], header("b", flush=FlushPolicy(idle_s=9_000)))).state
    state = folded(state, arrivals([3], header("c", flush=NEVER))).state
    (window,) = state.open.values()
    assert window.idle_s == 100


def test_a_window_of_rows_that_never_want_it_is_never_due() -> None:
    state = opened([1], header(flush=NEVER))
    assert due_at(state) is None
    assert not close_due(state, NOW_S + 9_999 * DAY_S)


def test_a_window_is_closed_a_safe_time_before_its_first_url_expires() -> None:
    rows = [
        expiring(1, NOW_S + 9_000, header(flush=NEVER), 0),
        expiring(2, NOW_S + 5_000, header(flush=NEVER), 1),
        expiring(3, NOW_S + 7_000, header(flush=NEVER), 2),
    ]
    state = folded(NEW, rows).state
    moment = NOW_S + 5_000 - SAFE_TIME_S
    assert due_at(state) == moment
    assert not close_due(state, moment - 1)
    change = close_due(state, moment)
    assert [window.because for window in change.windows] == ["expiring"]
    assert len(change.windows[0].images) == 3


def test_expiry_is_the_reason_if_a_window_is_idle_as_well() -> None:
    policy = FlushPolicy(idle_s=10)
    state = folded(NEW, [expiring(1, NOW_S + SAFE_TIME_S, header(flush=policy))]).state
    assert [window.because for window in close_due(state, NOW_S + 10).windows] == ["expiring"]


def test_the_next_window_does_not_inherit_what_hurried_the_last() -> None:
    rows = [
        expiring(1, NOW_S + 3_600, header(images=2, flush=BATCH_END), 0),
        *arrivals([2], header(images=2, flush=BATCH_END), 1),
        *arrivals([3], header(images=2, flush=NEVER), 2),
    ]
    (window,) = folded(NEW, rows).state.open.values()
    assert (window.expires_at, window.idle_s, window.ending) == (None, None, ())


@pytest.mark.parametrize(
    ("idle_s", "step_s"),
    [(1, 60), (90, 60), (3_600, 300), (DAY_S // 2, 3_600), (7 * DAY_S, 3_600)],
)
def test_a_creator_is_due_at_the_idle_time_rounded_up(idle_s: int, step_s: int) -> None:
    """Rows of one hour must not move the creator in the sparse index: a move is two writes."""
    state = opened([1], header(flush=FlushPolicy(idle_s=idle_s)))
    due = due_at(state)
    assert due is not None
    assert due % step_s == 0
    assert NOW_S + idle_s <= due < NOW_S + idle_s + step_s
    assert close_due(state, due)


def test_a_creator_is_due_with_the_first_of_its_windows() -> None:
    state = opened([1], header("a", flush=FlushPolicy(idle_s=DAY_S)))
    state = folded(
        state, arrivals([2], header("b", quality=50, flush=FlushPolicy(idle_s=60)))
    ).state
    due = due_at(state)
    assert due is not None
    assert due < NOW_S + 60 + 3_600
    change = close_due(state, due)
    assert identities(change) == [[object_id(2)]]
    assert change.state.open_images == 1


def test_nothing_open_is_never_due() -> None:
    assert due_at(NEW) is None
    assert not close_due(NEW, NOW_S)


def test_the_end_of_a_batch_closes_only_windows_that_end_with_it() -> None:
    state = opened([1], header("mine", flush=BATCH_END))
    state = folded(state, arrivals([2], header("other", quality=50, flush=BATCH_END))).state
    state = folded(state, arrivals([3], header("idle", quality=60))).state
    change = close_batch(state, "mine", "mysql-push")
    assert identities(change) == [[object_id(1)]]
    assert change.windows[0].because == "batch-end"
    assert change.state.open_images == 2
    assert not close_batch(change.state, "mine", "mysql-push")


def test_a_window_closed_by_a_batch_end_belongs_to_that_batch() -> None:
    state = opened([1], header("mine", flush=BATCH_END, trigger="csv-push"))
    state = folded(state, arrivals([2], header("later", flush=NEVER))).state
    change = close_batch(state, "mine", "csv-push")
    assert identities(change) == [[object_id(1), object_id(2)]]
    assert (change.windows[0].batch_id, change.windows[0].trigger) == ("mine", "csv-push")
    assert change.spilled == {"mine": Tally(windows=1)}
    assert change.state.tally == Tally(accepted=1)


def test_an_image_after_the_flush_of_its_batch_does_not_wait_forever() -> None:
    """A redriven record, say: its batch will not end again."""
    state = opened([1], header("mine", flush=BATCH_END))
    due = due_at(state)
    assert due is not None
    assert [window.because for window in close_due(state, due).windows] == ["idle"]


def test_closing_stops_when_a_transaction_is_full_and_can_be_continued() -> None:
    state = NEW
    for number in range(60):
        policy = FlushPolicy(kind="batch-end", idle_s=60)
        batch = header("mine", quality=number + 1, flush=policy)
        state = folded(state, arrivals([number], batch, number)).state
    for close in (
        lambda state: close_batch(state, "mine", "mysql-push"),
        lambda state: close_due(state, NOW_S + DAY_S),
    ):
        first = close(state)
        assert 1 + 2 * len(first.windows) + len(first.spilled) <= 100
        assert len(first.windows) == MAX_WINDOWS
        second = close(first.state)
        assert len(second.windows) == 20
        assert second.state.open == {}
        assert not close(second.state)


def test_the_identity_of_a_row_whose_first_url_had_expired_survives_the_wait() -> None:
    row = msgspec.structs.replace(cover_row(1), identity=image_identity(cover_url(5)))
    state = folded(NEW, [Arrival(header(), 0, row)]).state
    change = close_due(state, NOW_S + 9 * DAY_S)
    assert identities(change) == [[object_id(5)]]
