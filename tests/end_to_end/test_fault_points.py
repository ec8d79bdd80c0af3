"""Every figure and every cell is exact after each of many faults in the deployed pipeline.

In the functions faults strike at a named call (`fault_points`), once, inside the process that Lambda
has started; the command line is killed with SIGKILL, or meets a stream that refuses. What a case
leaves behind is compared with what was generated, as if nothing had happened.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from tests.end_to_end.fault_points import OFTEN, POINTS, FaultPoint
from tests.end_to_end.faulty_stack import FaultyStack, assert_exact, faulty_stack

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
