from __future__ import annotations

import pytest

from ops_dashboard.recovery.runs import following
from ops_dashboard.recovery.runs.counting import PAGES_PER_CHECK
from ops_dashboard.recovery.runs.following import follow
from ops_dashboard.recovery.runs.run import Run, State
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
