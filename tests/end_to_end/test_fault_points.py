"""Every figure and every cell is exact after each of many faults in the deployed pipeline.

In the functions faults strike at a named call (`fault_points`), once, inside the process that Lambda
has started; the command line is killed with SIGKILL, or meets a stream that refuses. What a case
leaves behind is compared with what was generated, as if nothing had happened.
"""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stream_ingest.progress import BatchProgress
from stream_ingest.settings import DAY_S
from tests.end_to_end.fault_hook import Fault, Strike
from tests.end_to_end.fault_points import ATTEMPTS, LEASE, OFTEN, POINTS, FaultPoint
from tests.end_to_end.faulty_stack import (
    FaultyStack,
    assert_exact,
    assert_no_dead_letters,
    assert_pictures,
    faulty_stack,
    hooked_zip,
)
from tests.end_to_end.kinesis_proxy import (
    Meddle,
    StandStill,
    lose_answers,
    proxy,
    refuse_every_third_record,
    throttle,
)

pytestmark = [pytest.mark.xdist_group("fault_points"), pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyStack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        with faulty_stack(tmp_path_factory.mktemp("faults")) as stack:
            yield stack


@pytest.fixture
def stack(shared: FaultyStack) -> Iterator[FaultyStack]:
    """The stack with nothing armed and its functions' clock on time."""
    shared.faults.disarm()
    shared.faults.set_clock(0)
    yield shared
    shared.faults.release()


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in OFTEN else pytest.mark.slow) for name in POINTS],
)
def test_nothing_is_lost_or_doubled_where(stack: FaultyStack, name: str) -> None:
    point = POINTS[name]
    sample = stack.sample(name, covers=point.covers)
    arm(stack, point, name)
    stack.send(sample, name)
    stack.wait_for_shots(point.fault.shots)
    stack.faults.set_clock(point.heals_after_s)
    stack.heal(name)
    assert stack.faults.fired() == point.fault.shots
    assert_exact(stack, sample, name)


def arm(stack: FaultyStack, point: FaultPoint, name: str) -> None:
    """Arm a point's fault for the creator and the batch of a case."""
    where = tuple(text.format(creator=f"{name}-0", batch=name) for text in point.fault.where)
    stack.faults.arm(dataclasses.replace(point.fault, where=where))


STREAM_FAULTS = {
    "throttles-every-record": throttle(3),
    "refuses-some-records": refuse_every_third_record(6),
    "loses-its-answers": lose_answers(3),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STREAM_FAULTS)
def test_nothing_is_lost_or_doubled_where_the_stream(stack: FaultyStack, name: str) -> None:
    sample = stack.sample(name, creators=3)
    with through(stack, STREAM_FAULTS[name]) as behind:
        behind.send(sample, name)
    stack.heal(name)
    assert_exact(stack, sample, name)


@contextmanager
def through(stack: FaultyStack, meddle: Meddle) -> Iterator[FaultyStack]:
    """Give a stack whose commands talk to AWS through a proxy that meddles with PutRecords."""
    with proxy(stack.aws.endpoint, meddle) as url:
        yield dataclasses.replace(stack, endpoint=url)


KILLS = {
    "between-two-records": StandStill(2),
    "after-a-record-whose-answer-it-never-saw": StandStill(2, takes_it=True),
    "before-the-marks-of-the-end": StandStill(4),
    "among-the-marks-of-the-end": StandStill(5),
}
"""Three creators are three requests with a record each; then come the marks of the end."""


@pytest.mark.slow
@pytest.mark.parametrize("name", KILLS)
def test_a_push_killed_with_sigkill_is_resumed(stack: FaultyStack, name: str) -> None:
    sample = stack.sample(f"resumed-{name}", creators=3)
    batch_id = f"resumed-{name}"[:64]
    with stack.csv_file(sample) as path:
        kill_push(stack, KILLS[name], f"--csv={path}", batch_id)
        done = stack.command("stream-ingest", "push", "--resume", f"--batch-id={batch_id}")
    assert done.returncode == 0, done.stderr
    stack.heal(batch_id)
    assert_exact(stack, sample, batch_id)
