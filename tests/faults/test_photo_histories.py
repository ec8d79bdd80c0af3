"""Generated histories of photos end in what their current versions and recipes make of them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.faults.harness.photo_history import (
    HistoryRun,
    Step,
    check_end,
    check_redelivery,
    histories,
)

EXAMPLES, MANY_EXAMPLES = 210, 3_000


def run_and_check(history: list[Step]) -> None:
    run = HistoryRun()
    run.run(history)
    check_end(run.account)
    check_redelivery(run.account)


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(histories(16))
def test_photos_end_as_their_version_and_recipe_in_generated_histories(history: list[Step]) -> None:
    run_and_check(history)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@settings(
    max_examples=MANY_EXAMPLES,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(histories(40))
def test_photos_end_as_their_version_and_recipe_in_thousands_of_histories(
    history: list[Step],
) -> None:
    run_and_check(history)
