from __future__ import annotations

import pytest

from ops_dashboard.monitoring.prices import LIST
from ops_dashboard.planner.bill import Stage
from ops_dashboard.planner.collage_work import sizes
from ops_dashboard.planner.timing import Timing, duration, timing
from ops_dashboard.planner.windowing_work import Stream, windowing_work
from ops_dashboard.planner.workload import Job, Order
from tests.fakes.ops.plan_figures import FIGURES

NETWORK_S = (0.6 - 0.08 - 0.17) * 0.4 + 0.08 + 0.17 / 5
STREAM = Stream(shards=1, parallelization=1, batching_window_s=1)
WARM = FIGURES.changed({"table_writes_per_s": 1_000_000, "aws_call_ms": 0})


def timed(job: Job, concurrency: int) -> Timing:
    work = windowing_work(job, WARM, STREAM)
    return timing(job, WARM, work, sizes(job, WARM, LIST)[0], concurrency)


def test_stages_match_a_calculation_by_hand() -> None:
    job = Job(images=3_500_000, creators=10_000, order=Order.SORTED)
    stages = timed(job, 105).stages
    window_s = 35 / 160 * 1_769 / 512 + NETWORK_S
    assert stages[Stage.PUSH] == pytest.approx(3_500_000 / 13_000)
    assert stages[Stage.STREAM] == pytest.approx(250)
    assert stages[Stage.BUS] == pytest.approx(max(100 / 5, 200_000 / 10_000))
    assert stages[Stage.COLLAGE] == pytest.approx(100_000 * window_s / 105)


def test_sorted_rows_overlap_all_stages_and_mixed_ones_fill_windows_later() -> None:
    together = Job(images=350_000, creators=1_000, order=Order.SORTED)
    apart = Job(images=350_000, creators=1_000, order=Order.MIXED)
    rows_s = 350_000 / 13_000
    late_s = timed(apart, 50).seconds - timed(together, 50).seconds
    assert late_s == pytest.approx(rows_s * 35 / 350, rel=0.01)


def test_windows_that_are_not_full_are_built_after_the_last_row() -> None:
    job = Job(images=340, creators=10, order=Order.SORTED)
    assert timed(job, 10).seconds > 60


def test_one_status_of_the_index_takes_500_windows_a_second() -> None:
    job = Job(images=35_000_000, creators=1_000_000, order=Order.SORTED)
    assert timed(job, 1_000).stages[Stage.COLLAGE] == pytest.approx(1_000_000 / 500)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1s"), (59.5, "1m 00s"), (725, "12m 05s"), (3_600, "1h 00m"), (11_941, "3h 20m")],
)
def test_a_duration_is_rounded_up(seconds: float, text: str) -> None:
    assert duration(seconds) == text
