"""Generated histories: whatever breaks, in whatever order, the pipeline ends where it has to.

Model: Jepsen's set checker and Flink's window checkpoint test. A history is data; a failing one is
printed cut down, and can be played again as it stands (see `test_regressions.py`).
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.faults.harness.checks.verdict import check
from tests.faults.harness.history import History
from tests.faults.harness.play import played
from tests.faults.harness.strategies import FLAVOURS, histories

EXAMPLES = 30
MANY_EXAMPLES = 600
_CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large]


def play(story: History) -> None:
    with played(story) as run:
        check(run.stage, run.batches)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_g1_nothing_is_lost_or_doubled_in_generated_histories(flavour: str) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=_CHECKS,
    )
    @given(histories(FLAVOURS[flavour]))
    def search(story: History) -> None:
        play(story)

    search()


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_g1_nothing_is_lost_or_doubled_in_thousands_of_histories(flavour: str) -> None:
    @settings(
        max_examples=MANY_EXAMPLES,
        database=None,
        deadline=None,
        print_blob=True,
        report_multiple_bugs=False,
        suppress_health_check=_CHECKS,
    )
    @given(histories(FLAVOURS[flavour], parts=16))
    def search(story: History) -> None:
        play(story)

    search()
