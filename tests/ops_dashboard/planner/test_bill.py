"""The bill against arithmetic by hand, from docs/facts.md#prices and constants of the code."""

from __future__ import annotations

import math

import pytest

from ops_dashboard.planner import state_units as state_units_of
from ops_dashboard.planner.bill import Stage
from ops_dashboard.planner.capacity import Plan
from ops_dashboard.planner.measured import Figures
from ops_dashboard.planner.state_units import state_units
from ops_dashboard.planner.workload import Order
from tests.bench import state
from tests.fakes.ops.plan_figures import FIGURES, MEASURED, planned

NETWORK_S = (0.6 - 0.08 - 0.17) * 0.4 + 0.08 + 0.17 / 5
TARGET_USD = 1.50
"""For a million images of 150 KB, without data transfer."""


def count_of(plan: Plan, stage: Stage, what: str, of: str) -> float:
    (item,) = (
        item for item in plan.items if (item.stage, item.what, item.price.what) == (stage, what, of)
    )
    return item.count


@pytest.fixture(scope="module")
def million() -> Plan:
    """A million images, sorted: 10,000 creators have 100 each, so 20,000 full windows and 10,000
    of 30 images."""
    return planned(1_000_000)


def test_state_units_are_computed_from_both_benchmarks() -> None:
    """50 units = 1 write + 2 windows, 1,400 units = 350 writes + 10 windows."""
    units = state_units(FIGURES)
    assert units.per_write + 2 * units.per_window == pytest.approx(100 * 0.5)
    assert 350 * units.per_write + 10 * units.per_window == pytest.approx(350 * 4)
    assert units.per_window == pytest.approx(16_100 / 690)


def test_the_benchmarks_have_the_assumed_rows_and_windows() -> None:
    assert state.ROWS_OF_A_CREATOR == state_units_of.BENCH_ROWS
    assert state.ROWS_OF_A_CREATOR // 35 == state_units_of.BENCH_WINDOWS
    assert state.DRIP_ROWS == state_units_of.DRIP_ROWS == 35 * state_units_of.DRIP_WINDOWS


def test_the_table_is_billed_by_writes_and_reads(million: Plan) -> None:
    states = (10_000 + 10_000) * (50 - 2 * 16_100 / 690)  # once for its rows, once closed
    windows = 30_000 * 16_100 / 690
    ends = 30_000 * (3 + 5)  # claim with one index, end with three
    usd = sum(
        item.usd for item in million.items if item.price.what in {"write units", "read units"}
    )
    minutes = math.ceil((million.timing.seconds - million.timing.rows_in_s) / 60)
    counts = 2 * 2 * 10_000 + 3 * 0.03 * (10_000 + 30_000)
    reads = 10_000 + 10_000 + counts + minutes * (0.03 * 15_000 + 4)
    assert usd == pytest.approx((states + windows + ends) * 0.625e-6 + reads * 0.125e-6)


def test_a_collage_is_billed_for_four_objects_a_share_of_a_pack_and_its_function(
    million: Plan,
) -> None:
    puts = 30_000 * (4 + 1 / 5) * 0.005 / 1_000
    window_s = (1_000_000 / 30_000) / 160 / (512 / 1_769) + NETWORK_S
    function = 30_000 * (window_s * 512 / 1_024 * 0.0000133334 + 0.20e-6 / 5)
    function += 30_000 * window_s * (1_728 - 512) / 1_024 * 0.0000000309
    ends, log = 30_000 * 8 * 0.625e-6, 30_000 * 2_300 / 1e9 * 0.50
    assert million.size.memory_mb == 512
    assert million.usd_of(Stage.COLLAGE) == pytest.approx(puts + function + ends + log)


def test_a_window_is_billed_for_two_events_an_archived_event_and_its_share_of_a_delivery(
    million: Plan,
) -> None:
    """It is sent alone; it is received and deleted together with four others."""
    requests = 30_000 + 2 * 30_000 / 5
    events, archive = 30_000 * 2 * 1e-6, 30_000 * 13_000 / 1e9 * 0.10
    assert million.usd_of(Stage.BUS) == pytest.approx(events + archive + requests * 0.40e-6)


def test_a_stream_is_billed_by_hours_and_units(million: Plan) -> None:
    """20 chunks of 50,000 rows: 390 rows in each of 128 buckets, of 71 bytes, are 2 records."""
    assert million.usd_of(Stage.STREAM) == pytest.approx(0.015 + 20 * 128 * 2 * 0.014e-6)


def test_a_file_is_billed_for_its_function_its_chunks_and_its_messages() -> None:
    """A million rows in 10 files: two chunks each and one with the end marks, 20 MB in 5 ranges."""
    plan = planned(1_000_000, files=10)
    function = 1_000_000 / 27_000 * 1_769 / 1_024 * 0.0000133334 + 10 * 0.20e-6
    puts, gets = 10 * (3 + 1) * 0.005e-3, 10 * (5 + 1 + 2) * 0.0004e-3
    messages, writes, log = 10 * 3 * 0.40e-6, 10 * (8 + 3 * 3) * 0.625e-6, 10 * 2_500 / 1e9 * 0.50
    assert plan.usd_of(Stage.INTAKE) == pytest.approx(
        function + puts + gets + messages + writes + log
    )
    assert plan.usd_of(Stage.PUSH) == 0
    assert Stage.PUSH not in plan.timing.stages
    assert plan.timing.stages[Stage.INTAKE] == pytest.approx(1_000_000 / (2 * 27_000))


def test_files_cost_what_a_push_costs_and_less_than_a_cent_more() -> None:
    pushed, dropped = planned(1_000_000), planned(1_000_000, files=1)
    assert 0 < dropped.usd - pushed.usd < 0.01
    assert planned(1_000_000).usd_of(Stage.INTAKE) == 0


def test_many_small_files_cost_records_and_requests() -> None:
    few, many = planned(1_000_000, files=10), planned(1_000_000, files=1_000)
    assert many.usd_of(Stage.INTAKE) > 10 * few.usd_of(Stage.INTAKE)
    assert many.work.rows_per_delivery < few.work.rows_per_delivery


def test_windowing_is_billed_by_the_second(million: Plan) -> None:
    work = million.work
    assert count_of(million, Stage.WINDOWING, "function", "GB-s of arm64") == pytest.approx(
        work.deliveries * work.delivery_s
    )
    log = work.deliveries * 2_500 + 30_000 * 600
    assert count_of(million, Stage.WINDOWING, "log", "GB") == pytest.approx(log / 1e9)


def test_the_cost_of_a_million_images_matches_a_calculation_by_hand(million: Plan) -> None:
    """States 0.042, windows 0.438, ends 0.150, S3 0.630, collage function 0.196, events and
    archive 0.099, queue 0.017, logs 0.044, stream 0.015: 1.631; the rest is the sweeper's two
    counts, 20,000 reads each, its three of the windows, 1,200 each, and 454 in each of the 27
    minutes or so in which collages are awaited: 0.008.
    """
    by_hand = 0.042 + 0.438 + 0.150 + 0.630 + 0.196 + 0.099 + 0.017 + 0.044 + 0.015 + 0.008
    assert million.per_million(million.usd) == pytest.approx(by_hand, abs=0.01)
    assert sum(map(million.usd_of, Stage)) == pytest.approx(million.usd)


BENCHED = Figures(
    measured=type(MEASURED)(
        date="2026-11-21",
        machine="AMD EPYC, 2 cores",
        collage_images_per_cpu_s=182,
        collage_peak_mb=157.8,
        rows_per_shard_s=14_020,
        fold_rows_per_cpu_s=65_130,
        push_rows_per_s=13_110,
        state_units_sorted=0.44,
        state_units_drip=5.174,
        renditions_cpu_s=MEASURED.renditions_cpu_s,
        augmentation_cpu_s=MEASURED.augmentation_cpu_s,
    )
)
"""As `make bench` first message."""


@pytest.mark.parametrize(
    ("figures", "creators", "order", "slim", "usd"),
    [
        (FIGURES, 10_000, Order.SORTED, False, 1.646),
        (FIGURES, 10_000, Order.SORTED, True, 1.457),
        (FIGURES, 10_000, Order.MIXED, False, 1.661),
        (FIGURES, 10_000, Order.DRIP, False, 3.840),
        (FIGURES, 2_857, Order.SORTED, False, 1.534),
        (FIGURES, 2_857, Order.SORTED, True, 1.357),
        (BENCHED, 10_000, Order.SORTED, True, 1.388),
        (BENCHED, 2_857, Order.SORTED, True, 1.276),
    ],
)
def test_the_cost_of_a_million_images(
    figures: Figures, creators: int, order: Order, *, slim: bool, usd: float
) -> None:
    """1.50 USD is not met with copies and originals by these figures. Without them it is, also
    where a third of the windows is not full."""
    plan = planned(1_000_000, creators, order, figures=figures, copies=not slim, originals=not slim)
    assert plan.per_million(plan.usd) == pytest.approx(usd, abs=0.01)
    assert (plan.per_million(plan.usd) <= TARGET_USD) == (usd <= TARGET_USD)


def test_storage_is_not_part_of_the_bill() -> None:
    plan = planned(1_000_000, copies=False)
    assert plan.stored.originals_gb == pytest.approx(150)
    assert plan.stored.collages_gb == pytest.approx(30_000 * (450_000 + 55_000) / 1e9)
    assert planned(1_000_000, originals=False).stored.originals_gb == 0
