"""What two windows of one invocation take of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from collage_lambda.messages import Message
from collage_lambda.outcomes import Ending, WindowOutcome
from collage_lambda.worker import BegunWindow, CollageWorker
from tests.fakes.collage.worker_bench import Clock, WorkerBench

REMAINING_S = 600


class TickingClock(Clock):
    """Is a second later each time that it is read."""

    def __call__(self) -> float:
        self.now_s += 1
        return self.now_s


def begin(bench: WorkerBench, worker: CollageWorker, number: int) -> BegunWindow:
    message = Message(event=bench.event("body/0", number=number))
    begun = worker.begin(message, owner="me", remaining_s=REMAINING_S)
    assert isinstance(begun, BegunWindow)
    return begun


def build_two(bench: WorkerBench, between: Callable[[], None]) -> tuple[WindowOutcome, ...]:
    """Build two windows as a delivery does, each with `between` before its end."""
    worker = bench.worker()
    first = begin(bench, worker, 1)
    second = begin(bench, worker, 2)
    between()
    outcomes = [worker.end(first)]
    between()
    return (*outcomes, worker.end(second))


def durations_ms(outcomes: tuple[WindowOutcome, ...]) -> list[int]:
    assert [each.ending for each in outcomes] == [Ending.CREATED] * 2
    return [each.end.duration_ms for each in outcomes if each.end]


def test_windows_that_overlap_take_together_no_more_than_their_invocation(
    bench: WorkerBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their durations are what a batch's cost is computed from."""
    monkeypatch.setattr(bench, "clock", TickingClock())
    began_s = bench.clock.now_s
    took_ms = durations_ms(build_two(bench, lambda: None))
    assert all(each > 0 for each in took_ms)
    assert sum(took_ms) <= 1000 * (bench.clock.now_s - began_s)


def test_what_an_invocation_does_between_a_windows_parts_is_not_the_windows(
    bench: WorkerBench,
) -> None:
    def pass_time() -> None:
        bench.clock.now_s += 100

    assert durations_ms(build_two(bench, pass_time)) == [0, 0]
