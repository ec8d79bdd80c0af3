from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.recovery.replay import replay_name
from ops_dashboard.recovery.runs.run import (
    GIVE_UP_AFTER_S,
    INTERRUPTED_AFTER_S,
    Kind,
    Run,
    State,
    count_page,
    is_counted,
    shown_state,
    was_built,
)

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
RUN = Run(
    name=replay_name("replay", NOW),
    kind=Kind.REPLAY,
    about="ann",
    owner="ana@laptop",
    state=State.BUILDING,
    started_at=NOW,
    updated_at=NOW,
    windows=3,
    sent=3,
    pending=[0],
)
WINDOW = WindowRecord(
    window_id="ann:000001",
    creator="ann",
    batch_id="b",
    status="completed",
    closed_at="2026-11-21T11:00:00+00:00",
    image_count=3,
    completed_at="2026-11-29T12:00:09Z",
    replayed_as=RUN.name,
)
LATER, EARLIER = (replay_name("retry", NOW + timedelta(hours=hours)) for hours in (1, -1))


@pytest.mark.parametrize(
    ("changes", "built"),
    [
        ({}, True),
        ({"status": "processing"}, False),
        ({"status": "failed"}, True),
        ({"replayed_as": None}, False),
        ({"replayed_as": EARLIER}, False),
        ({"replayed_as": LATER}, True),
        ({"replayed_as": LATER, "completed_at": "2026-11-29T11:59:59Z"}, False),
        ({"replayed_as": LATER, "completed_at": None}, False),
        ({"replayed_as": "by-hand"}, True),
    ],
)
def test_a_window_is_built_once_it_has_ended_under_the_runs_name_or_a_later_one(
    changes: dict[str, object], *, built: bool
) -> None:
    """Else a run whose window is replayed again before it was counted would never end."""
    assert was_built(RUN, replace(WINDOW, **changes)) == built


@pytest.mark.parametrize(
    ("state", "age_s", "shown"),
    [
        (State.SENDING, 0, State.SENDING),
        (State.SENDING, INTERRUPTED_AFTER_S + 1, State.INTERRUPTED),
        (State.LISTING, INTERRUPTED_AFTER_S + 1, State.INTERRUPTED),
        (State.RECEIVING, INTERRUPTED_AFTER_S + 1, State.INTERRUPTED),
        (State.BUILDING, INTERRUPTED_AFTER_S + 1, State.BUILDING),
        (State.BUILDING, GIVE_UP_AFTER_S + 1, State.STALLED),
        (State.CANCELLED, INTERRUPTED_AFTER_S + 1, State.CANCELLED),
    ],
)
def test_a_run_is_interrupted_if_its_process_has_been_silent(
    state: State, age_s: int, shown: State
) -> None:
    assert shown_state(replace(RUN, state=state), NOW + timedelta(seconds=age_s)) is shown


def test_a_page_is_counted_again_until_all_its_windows_are_built() -> None:
    windows = [replace(WINDOW, window_id=f"ann:{number:06d}") for number in range(1, 4)]
    kept = replace(windows[0], kept_because="the new build has fewer images")
    run = count_page(RUN, 0, 3, [kept, windows[1], replace(windows[2], status="processing")])
    assert (run.done, run.statuses, run.state) == (2, {"kept": 1, "completed": 1}, State.BUILDING)
    assert count_page(run, 0, 3, [kept, windows[1]]).done == 2
    run = count_page(run, 0, 3, windows)
    assert (run.done, run.statuses, run.state) == (3, {"completed": 3}, State.ENDED)
    assert run.pending == []


def test_windows_whose_event_has_expired_are_not_waited_for() -> None:
    run = count_page(replace(RUN, gone=2), 0, 3, [WINDOW])
    assert (run.state, run.done) == (State.ENDED, 1)


def test_pages_take_turns() -> None:
    run = count_page(replace(RUN, windows=250, pending=[0, 1, 2]), 0, 100, [WINDOW])
    assert (run.pending, run.done) == ([1, 2, 0], 1)


def test_a_run_without_progress_for_a_day_is_not_counted_any_more() -> None:
    assert is_counted(RUN, NOW)
    assert not is_counted(RUN, NOW + timedelta(seconds=GIVE_UP_AFTER_S))
    assert not is_counted(replace(RUN, state=State.CANCELLED), NOW)
