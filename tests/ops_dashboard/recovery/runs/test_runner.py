from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from ops_dashboard.recovery.runs.run import INTERRUPTED_AFTER_S, Kind, Run, State, shown_state
from ops_dashboard.recovery.runs.runner import ARCHIVE_DELAY, NothingToBuildError, RunStoppedError
from stream_ingest.contracts.errors import NotFoundError, TransientError, UserError
from tests.ops_dashboard.recovery.runs.conftest import WINDOWS, RunsBench

ALL = [f"ann:{number:06d}" for number in range(1, WINDOWS + 1)]


def started(bench: RunsBench, owner: str = "ana@laptop") -> Run:
    runner = bench.runner(owner)
    return runner.work(*runner.start(bench.order()))


def test_every_window_is_written_before_the_first_is_sent_and_sent_once(bench: RunsBench) -> None:
    def has_all_pages() -> None:
        (run,) = bench.store.newest(5)
        assert (run.windows, run.pages) == (WINDOWS, 3)

    bench.queue.before = has_all_pages
    run = started(bench)
    assert bench.queue.sent == ALL
    assert (run.state, run.sent, run.windows) == (State.BUILDING, WINDOWS, WINDOWS)
    assert [len(bench.store.page(run.name, page)) for page in range(4)] == [10, 10, 3, 0]
    assert bench.store.page(run.name, 2)[0].status == "partial"


def test_a_run_that_died_while_it_sent_is_continued_by_another_process(bench: RunsBench) -> None:
    pages = [0]

    def dies() -> None:
        pages[0] += 1
        if pages[0] == 2:
            msg = "the queue does not answer"
            raise TransientError(msg)

    bench.queue.before = dies
    with pytest.raises(TransientError):
        started(bench)
    (run,) = bench.store.newest(5)
    assert (run.state, run.sent) == (State.SENDING, 10)
    bench.clock[0] += timedelta(seconds=INTERRUPTED_AFTER_S + 1)
    assert shown_state(run, bench.clock[0]) is State.INTERRUPTED
    run = bench.runner("ben@server").resume(run.name)
    assert bench.queue.sent == ALL
    assert (run.state, run.owner) == (State.BUILDING, "ben@server")
    with pytest.raises(UserError, match="is building: there is nothing to continue"):
        bench.runner().resume(run.name)


def test_a_run_that_is_cancelled_while_it_sends_stops_before_the_next_page(
    bench: RunsBench,
) -> None:
    def cancels() -> None:
        if bench.queue.sent:
            bench.queue.before = lambda: None
            bench.runner("ben@server").cancel(bench.store.newest(1)[0].name)

    bench.queue.before = cancels
    with pytest.raises(RunStoppedError, match="was cancelled meanwhile"):
        started(bench)
    (run,) = bench.store.newest(5)
    assert (run.state, run.cancelled_by, run.sent) == (State.CANCELLED, "ben@server", 10)
    assert len(bench.queue.sent) == 20  # the page that was being sent


def test_a_process_whose_run_another_one_continues_stops(bench: RunsBench) -> None:
    def continues() -> None:
        if bench.queue.sent:
            bench.queue.before = lambda: None
            bench.runner("ben@server").resume(bench.store.newest(1)[0].name)

    bench.queue.before = continues
    with pytest.raises(RunStoppedError):
        started(bench)
    (run,) = bench.store.newest(5)
    assert (run.state, run.owner, run.sent) == (State.BUILDING, "ben@server", WINDOWS)


def test_what_others_count_while_a_run_is_sent_is_kept(bench: RunsBench) -> None:
    def counts() -> None:
        (run,) = bench.store.newest(1)
        bench.build(run.name, range(1, len(bench.queue.sent) + 1))
        bench.counter().check(run)

    bench.queue.before = counts
    run = started(bench)
    assert (run.state, run.done, sorted(run.pending)) == (State.BUILDING, 20, [2])


def test_an_interrupted_listing_is_not_continued(bench: RunsBench) -> None:
    run, _ = bench.runner().start(bench.order())
    with pytest.raises(UserError, match="before its windows were known"):
        bench.runner().resume(run.name)
    assert bench.queue.sent == []


def test_a_range_is_replayed_by_the_archive_and_cancelled_there(bench: RunsBench) -> None:
    since = bench.clock[0] - timedelta(days=40_000)
    runner = bench.runner()
    run, windows = runner.start(bench.order(creators=(), since=since))
    run = runner.work(run, windows)
    assert (run.windows, run.sent, bench.queue.sent) == (WINDOWS, WINDOWS, [])
    assert run.warning.startswith("The archive may lag")
    assert bench.archive.calls == [("start", run.name, since, bench.clock[0] + ARCHIVE_DELAY)]
    runner.cancel(run.name)
    assert bench.archive.calls[1:] == [("cancel", run.name)]
    with pytest.raises(UserError, match="is cancelled"):
        runner.cancel(run.name)


def test_a_range_that_cannot_be_cancelled_in_eventbridge_stays_as_it_is(
    bench: RunsBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For want of a right or of an answer: it may be cancelled again."""
    runner = bench.runner()
    run, windows = runner.start(
        bench.order(creators=(), since=bench.clock[0] - timedelta(days=40_000))
    )
    run = runner.work(run, windows)

    def refuse(_name: str) -> None:
        raise TransientError

    with monkeypatch.context() as patch:
        patch.setattr(bench.archive, "cancel", refuse)
        with pytest.raises(TransientError):
            runner.cancel(run.name)
    assert bench.store.load(run.name).state is State.BUILDING
    assert runner.cancel(run.name).state is State.CANCELLED


def test_a_range_that_the_table_has_no_window_of_is_replayed_all_the_same(bench: RunsBench) -> None:
    """The archive has windows that a restored table has lost."""
    start, until = bench.clock[0] - timedelta(hours=2), bench.clock[0] - timedelta(hours=1)
    runner = bench.runner()
    run = runner.work(*runner.start(bench.order(creators=(), since=start, until=until)))
    assert (run.windows, run.state) == (0, State.ENDED)
    assert len(bench.archive.calls) == 1


@pytest.mark.parametrize(
    "changes",
    [{"creators": ("nobody",)}, {"kind": Kind.RETRY, "creators": ()}, {"windows": ("ann:009999",)}],
)
def test_an_order_without_windows_writes_nothing(
    bench: RunsBench, changes: dict[str, object]
) -> None:
    with pytest.raises(NothingToBuildError):
        bench.runner().start(bench.order(**changes))
    assert bench.store.newest(5) == []


def test_an_unknown_run_is_named(bench: RunsBench) -> None:
    for ask in (bench.runner().cancel, bench.runner().resume):
        with pytest.raises(NotFoundError, match="no run 'replay-x'"):
            ask("replay-x")


def test_of_two_processes_that_continue_a_run_one_does(bench: RunsBench) -> None:
    bench.queue.before = lambda: (_ for _ in ()).throw(TransientError("away"))
    with pytest.raises(TransientError):
        started(bench)
    name, errors = bench.store.newest(1)[0].name, []
    bench.queue.before = lambda: None

    def resume(owner: str) -> None:
        try:
            bench.runner(owner).resume(name)
        except UserError as error:
            errors.append(error)

    threads = [threading.Thread(target=resume, args=(owner,)) for owner in ("a@b", "c@d")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(errors) <= 1
    assert bench.store.load(name).state is State.BUILDING
    assert set(bench.queue.sent) == set(ALL)
