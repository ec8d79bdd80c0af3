"""Crashes and slow workers: nothing is lost, overwritten or ended twice."""

from __future__ import annotations

from typing import Any

import pytest

from collage_lambda.lease import LeaseLostError, WindowLeasedError
from collage_lambda.outcomes import Ending
from collage_lambda.output.keys import keys_of
from collage_lambda.output.store import PublishConflictError
from stream_ingest.contracts.errors import TransientError
from tests.fakes.collage.images import plain_jpeg
from tests.fakes.collage.worker_bench import COLOURS, WorkerBench, build_claimed, shows


def test_a_window_leased_by_another_worker_is_delivered_again_later(bench: WorkerBench) -> None:
    event = bench.event("body/0")
    bench.windows.claim(event, replay=None, owner="other", lease_s=60)
    with pytest.raises(WindowLeasedError):
        bench.work(event)
    assert not bench.server.hits


class Broken:
    """A part that fails at its first call, before or after the call took effect."""

    def __init__(self, part: object, method: str, *, after: bool) -> None:
        self._part, self._method, self._after, self._left = part, method, after, 1

    def __getattr__(self, name: str) -> object:
        real = getattr(self._part, name)
        if name != self._method or not self._left:
            return real

        def broken(*args: object, **kwargs: object) -> object:
            self._left = 0
            if self._after:
                real(*args, **kwargs)
            msg = f"{name} broke"
            raise TransientError(msg)

        return broken


def lasting(heard: dict[str, Any]) -> dict[str, Any]:
    """Return a detail without its link, which is signed again each time."""
    detail: dict[str, Any] = heard["Detail"]
    return {name: detail[name] for name in detail if not name.startswith("url")}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("part", "method"),
    [
        ("outputs", "publish"),
        ("announcer", "announce"),
        ("windows", "finish"),
    ],
)
def test_the_next_delivery_recovers_from_a_failure_at_any_step(
    bench: WorkerBench, part: str, method: str, *, after: bool
) -> None:
    """Nothing lost, nothing doubled but the event, which consumers recognise by its window."""
    event = bench.event("body/0", "status/404")
    whole = getattr(bench, part)
    setattr(bench, part, Broken(whole, method, after=after))
    with pytest.raises(TransientError):
        bench.work(event)
    done_already = part == "windows" and after
    ending = bench.work(event, owner="next").ending
    assert ending is (Ending.ALREADY_DONE if done_already else Ending.CREATED)
    item = bench.aws.window(event.window_id)
    assert (item["status"], item["images_ok"], item["images_failed"]) == ("partial", 1, 1)
    assert shows(bench.cells(event)[0], COLOURS[0])
    heard = bench.aws.heard()
    assert len(heard) in {1, 2}
    assert all(lasting(each) == lasting(heard[0]) for each in heard)


def test_a_slow_worker_that_lost_its_lease_overwrites_nothing(bench: WorkerBench) -> None:
    event = bench.event("body/0", "body/1")
    slow: Any = bench.windows.claim(event, replay=None, owner="slow", lease_s=10)
    bench.clock.now_s += 11
    bench.work(event, owner="quick")
    before = {key: bench.aws.read(key) for key in bench.aws.stored()}
    item = bench.aws.window(event.window_id)
    bench.server.bodies["1"] = plain_jpeg(COLOURS[3])
    with pytest.raises(LeaseLostError):
        build_claimed(bench.worker(), event, slow, 30)
    assert {key: bench.aws.read(key) for key in bench.aws.stored()} == before
    assert bench.aws.window(event.window_id) == item


def test_a_slow_worker_with_a_slow_clock_cannot_overwrite_the_collage(bench: WorkerBench) -> None:
    """It saw no collage when it claimed, and its put says so; by now there is one."""
    event = bench.event("body/0", "body/1")
    slow: Any = bench.windows.claim(event, replay=None, owner="slow", lease_s=10)
    bench.clock.now_s += 11
    bench.work(event, owner="quick")
    before = (bench.aws.read(keys_of(event).collage), bench.aws.window(event.window_id))
    bench.clock.now_s -= 11
    bench.server.bodies["1"] = plain_jpeg(COLOURS[3])
    with pytest.raises(PublishConflictError):
        build_claimed(bench.worker(), event, slow, 30)
    assert (bench.aws.read(keys_of(event).collage), bench.aws.window(event.window_id)) == before


def test_a_worker_that_loses_its_lease_at_the_end_does_not_end_the_window(
    bench: WorkerBench,
) -> None:
    event = bench.event("body/0")
    lease: Any = bench.windows.claim(event, replay=None, owner="slow", lease_s=10)
    bench.clock.now_s += 11
    other: Any = bench.windows.claim(event, replay=None, owner="quick", lease_s=10)
    assert other.owner == "quick"
    bench.clock.now_s -= 11
    with pytest.raises(LeaseLostError):
        build_claimed(bench.worker(), event, lease, 30)
    assert bench.aws.window(event.window_id)["lease_owner"] == "quick"
