from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest

from ops_dashboard.doctor.findings import Finding, Kind, State
from ops_dashboard.smoke.steps import StepFailedError
from ops_dashboard.smoke.waiting import STALL_S, WRONG_S, Seen, Waiting

OFF = Finding(
    check="mappings",
    state=State.WRONG,
    found="windowing is Disabled",
    do="switch it on",
    kinds=(Kind.STOPPED,),
)


class Causes:
    """Parts that become wrong at a moment, and one line in a log."""

    def __init__(self, clock: Clock, wrong_at: float | None) -> None:
        self.clock, self.wrong_at, self.checks, self.finding = clock, wrong_at, 0, OFF

    def wrong_parts(self) -> list[Finding]:
        self.checks += 1
        is_wrong = self.wrong_at is not None and self.clock.now_s >= self.wrong_at
        return [self.finding] if is_wrong else []

    def errors(self, functions: Iterable[str]) -> list[str]:
        return [f"the log of {name} says: AccessDenied" for name in functions]


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class Bench:
    """Waits for a moment, or for ever."""

    def __init__(self, done_after_s: float | None, wrong_after_s: float | None = None) -> None:
        self.clock = Clock()
        self.done_at = None if done_after_s is None else 100 + done_after_s
        wrong_at = None if wrong_after_s is None else 100 + wrong_after_s
        self.causes = Causes(self.clock, wrong_at)
        self.said: list[str] = []

    def look(self) -> Seen:
        is_done = self.done_at is not None and self.clock.now_s >= self.done_at
        return Seen(is_done=is_done, text="built" if is_done else "still open")

    def wait(self, limit_s: float = 60) -> str:
        waiting = Waiting(
            self.causes,
            stack="dev",
            clock=self.clock,
            sleep=self.clock.sleep,
            say=self.said.append,
        )
        return waiting.wait("a collage", self.look, ["collage"], limit_s)


def test_what_comes_in_time_is_returned_and_nothing_is_checked() -> None:
    bench = Bench(done_after_s=STALL_S - 1)
    assert bench.wait() == "built"
    assert bench.causes.checks == 0


def test_what_is_waited_for_is_said_every_five_seconds() -> None:
    bench = Bench(done_after_s=11)
    bench.wait()
    assert bench.said == ["waiting (5 s): still open", "waiting (10 s): still open"]


def test_a_wait_ends_at_its_limit_with_what_was_seen_and_what_logs_say() -> None:
    bench = Bench(done_after_s=None)
    with pytest.raises(StepFailedError) as raised:
        bench.wait(limit_s=60)
    error = raised.value
    assert bench.clock.now_s == 160
    assert error.expected == "a collage within 60 s"
    assert error.found == "still open; the log of collage says: AccessDenied"
    assert error.next == (
        "ops-dashboard doctor --stack dev",
        "the log /aws/lambda/collage",
        "ops-dashboard dlq list --stack dev",
    )


@pytest.mark.parametrize("wrong_after_s", [0, 12])
def test_a_part_that_is_wrong_ends_the_wait_sooner(wrong_after_s: float) -> None:
    bench = Bench(done_after_s=None, wrong_after_s=wrong_after_s)
    with pytest.raises(StepFailedError) as raised:
        bench.wait(limit_s=300)
    assert bench.clock.now_s == 100 + WRONG_S
    assert "mappings: windowing is Disabled" in raised.value.found
    assert raised.value.next[0] == "switch it on"


def test_a_part_that_is_wrong_does_not_fail_what_comes_all_the_same() -> None:
    """An operator may have switched off the intake, which this does not need."""
    assert Bench(done_after_s=20, wrong_after_s=0).wait() == "built"


def test_a_part_that_was_only_changed_does_not_end_the_wait_sooner() -> None:
    """A function with other memory than it was deployed with works."""
    bench = Bench(done_after_s=None, wrong_after_s=0)
    text = "collage has 512 MB instead of 600"
    bench.causes.finding = msgspec.structs.replace(OFF, found=text, kinds=(Kind.CHANGED,))
    with pytest.raises(StepFailedError, match="512 MB"):
        bench.wait(limit_s=60)
    assert bench.clock.now_s == 160


def test_a_short_limit_names_the_wrong_part_too() -> None:
    bench = Bench(done_after_s=None, wrong_after_s=0)
    with pytest.raises(StepFailedError, match="mappings: windowing is Disabled"):
        bench.wait(limit_s=3)
    assert bench.clock.now_s == 103
