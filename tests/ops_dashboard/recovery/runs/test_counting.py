from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from ops_dashboard.recovery.runs import following
from ops_dashboard.recovery.runs.counting import PAGES_PER_CHECK
from ops_dashboard.recovery.runs.following import follow
from ops_dashboard.recovery.runs.run import INTERRUPTED_AFTER_S, Run, State, shown_state
from stream_ingest.contracts.errors import NotFoundError, UserError
from tests.ops_dashboard.recovery.runs.conftest import WINDOWS, RunsBench


@pytest.fixture
def run(bench: RunsBench) -> Run:
    runner = bench.runner()
    return runner.work(*runner.start(bench.order()))


def test_windows_are_counted_page_by_page_and_another_console_sees_it(
    bench: RunsBench, run: Run
) -> None:
    bench.build(run.name, range(1, 16))
    counted = bench.counter().check(run)
    assert (counted.done, counted.pending) == (15, [1, 2])
    assert bench.store.load(run.name) == counted
    bench.build(run.name, range(16, WINDOWS + 1))
    assert bench.counter().check(counted).state is State.ENDED


def test_of_a_large_run_each_check_counts_other_pages(
    bench: RunsBench, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else windows that never end would keep the others from being counted."""
    monkeypatch.setattr("ops_dashboard.recovery.runs.counting.PAGES_PER_CHECK", 1)
    assert PAGES_PER_CHECK > 1
    bench.build(run.name, range(21, WINDOWS + 1))
    counter = bench.counter()
    for _ in range(3):
        counter.check(bench.store.load(run.name))
    assert bench.store.load(run.name).done == 3


def test_a_large_run_that_is_watched_stalls_as_any_other(
    bench: RunsBench, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each check writes which pages come next, which is no news of the run."""
    monkeypatch.setattr("ops_dashboard.recovery.runs.counting.PAGES_PER_CHECK", 1)
    bench.clock[0] += timedelta(hours=1)
    bench.build(run.name, range(21, WINDOWS + 1))
    counter = bench.counter()
    states = []
    for _ in range(30):
        now = counter.check(bench.store.load(run.name))
        states.append(shown_state(now, bench.clock[0]))
        bench.clock[0] += timedelta(hours=1)
    assert now.done == 3
    first = states.index(State.STALLED)
    assert (set(states[:first]), set(states[first:])) == ({State.BUILDING}, {State.STALLED})
    stalled = bench.store.load(run.name)
    counter.check(stalled)
    assert bench.store.load(run.name).revision == stalled.revision


def test_a_run_whose_process_was_stopped_is_interrupted_however_often_it_is_counted(
    bench: RunsBench,
) -> None:
    """Also while windows that it had sent are still being built."""
    bench.queue.before = stop_at_second_page(bench)
    runner = bench.runner()
    with pytest.raises(KeyboardInterrupt):
        runner.work(*runner.start(bench.order()))
    name = bench.store.newest(1)[0].name
    for number in range(1, 5):
        bench.clock[0] += timedelta(seconds=INTERRUPTED_AFTER_S / 3)
        bench.build(name, [number])
        now = bench.counter().check(bench.store.load(name))
    assert now.done == 4
    assert shown_state(now, bench.clock[0]) is State.INTERRUPTED
    bench.queue.before = lambda: None
    assert bench.runner("ben@server").resume(name).state is State.BUILDING


def stop_at_second_page(bench: RunsBench) -> Callable[[], None]:
    def stop() -> None:
        if bench.queue.sent:
            raise KeyboardInterrupt

    return stop


def test_a_run_without_news_is_not_written(bench: RunsBench, run: Run) -> None:
    assert bench.counter().check(run).revision == bench.store.load(run.name).revision


def test_a_count_that_meets_a_cancelled_run_leaves_it_cancelled(bench: RunsBench, run: Run) -> None:
    bench.build(run.name, [1])
    bench.runner("ben@server").cancel(run.name)
    assert bench.counter().check(run).state is State.CANCELLED


def test_windows_are_shown_before_and_after(bench: RunsBench, run: Run) -> None:
    bench.build(run.name, [21])
    _, changes = bench.counter().changes(run.name, 2)
    assert len(changes) == 3
    first = changes[0]
    assert (first.window_id, first.status_before, first.status) == (
        "ann:000021",
        "partial",
        "completed",
    )
    assert [each.built for each in changes] == [True] + [False] * 2
    with pytest.raises(NotFoundError, match="has no page 3"):
        bench.counter().changes(run.name, 3)


def test_following_ends_with_the_last_window(
    bench: RunsBench, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = iter([range(1, 11), range(11, WINDOWS + 1)])
    monkeypatch.setattr(following.time, "sleep", lambda _: bench.build(run.name, next(steps)))
    reported: list[tuple[int, int]] = []
    end = follow(bench.counter(), run, timeout_s=60, report=lambda *each: reported.append(each))
    assert (end.windows, end.by_status, end.waiting) == (WINDOWS, {"completed": WINDOWS}, 0)
    assert [done for done, _ in reported] == [0, 10, 10, WINDOWS]


def test_following_times_out_when_no_window_ends(bench: RunsBench, run: Run) -> None:
    end = follow(bench.counter(), run, timeout_s=-1, report=lambda *_: None)
    assert (end.waiting, end.by_status) == (WINDOWS, {})


def test_following_says_who_cancelled_the_run(
    bench: RunsBench, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancel(_seconds: float) -> None:
        bench.build(run.name, [1])
        bench.runner("ben@server").cancel(run.name)

    monkeypatch.setattr(following.time, "sleep", cancel)
    with pytest.raises(UserError, match="was cancelled by ben@server: 0 windows"):
        follow(bench.counter(), run, timeout_s=60, report=lambda *_: None)
