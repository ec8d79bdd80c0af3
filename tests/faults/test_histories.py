"""Generated histories: every invariant holds after any faults in any order.

Model: Jepsen's set checker and Flink's window checkpoint test. A history is data; a failing one is
printed in its shortest form and can be added to `test_regressions.py` as printed.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.faults.harness.checks.discarded import check_after_discarding, is_whole
from tests.faults.harness.checks.invariants import check_invariants
from tests.faults.harness.checks.mysql_rows import check_rows
from tests.faults.harness.checks.unreadable import check_after_healing
from tests.faults.harness.history import History
from tests.faults.harness.history_runner import run_to_end
from tests.faults.harness.strategies import FLAVOURS, histories

EXAMPLES = 10
MANY_EXAMPLES = 600
_CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large]


def run_and_check(scenario: History) -> None:
    with run_to_end(scenario) as run:
        if run.corruption.happened:
            check_after_healing(run)
        elif is_whole(run):
            check_invariants(run.account, run.batches)
        else:
            check_after_discarding(run)
        if run.mysql:
            check_rows(run.account, run.mysql)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_g1_no_row_is_lost_or_duplicated_in_generated_histories(flavour: str) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=_CHECKS,
    )
    @given(histories(FLAVOURS[flavour]))
    def search(scenario: History) -> None:
        run_and_check(scenario)

    search()


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_g1_no_row_is_lost_or_duplicated_in_thousands_of_histories(flavour: str) -> None:
    @settings(
        max_examples=MANY_EXAMPLES,
        database=None,
        deadline=None,
        print_blob=True,
        report_multiple_bugs=False,
        suppress_health_check=_CHECKS,
    )
    @given(histories(FLAVOURS[flavour], parts=16))
    def search(scenario: History) -> None:
        run_and_check(scenario)

    search()
