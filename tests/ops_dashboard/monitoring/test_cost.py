"""The estimate against arithmetic by hand, from the prices of docs/facts.md#prices."""

from __future__ import annotations

import dataclasses

import pytest

from ops_dashboard.monitoring.alarms import alarms
from ops_dashboard.monitoring.cost import (
    collage_usd,
    constant_usd_per_day,
    cost_lines,
    idle_day_usd,
    part_lines,
)
from ops_dashboard.monitoring.metric_math import Series, evaluate
from tests.fakes.ops.watched_resources import RESOURCES, THRESHOLDS

DAY = 1_700_006_400


def estimate(constant: float = 0.0, shards: int = 1, **counts: float) -> float:
    """Return the estimate of a day on which the sweeper ran and these were counted."""
    lines = cost_lines(dataclasses.replace(RESOURCES, stream_shards=shards), constant)
    expression = lines[-1].expression
    assert expression is not None
    series: dict[str, Series] = {line.id: {} for line in lines[:-1]}
    assert counts.keys() <= series.keys()
    series["ms_sweeper"] = {DAY: 0.0}
    series |= {id_: {DAY: float(count)} for id_, count in counts.items()}
    return evaluate(expression, series)[DAY]


@pytest.mark.parametrize(
    ("counts", "usd"),
    [
        ({"ms_collage": 3_600_000}, 3_600 * 1_769 / 1_024 * 0.0000133334),
        ({"ms_windowing": 1_000_000}, 1_000 * 1_024 / 1_024 * 0.0000133334),
        ({"writes": 1_000_000}, 0.625),
        ({"reads": 1_000_000}, 0.125),
        ({"writes_0": 1_000_000, "writes_1": 1_000_000, "writes_2": 1_000_000}, 3 * 0.625),
        ({"bytes_in": 25_000_000_000}, 1_000_000 * 0.014e-6),
        ({"collages": 1_000}, 4.2 * 0.005 + 1.4 * 0.0004 + 2 * 0.001 + 0.00004),
    ],
)
def test_a_count_costs_what_aws_charges_for_it(counts: dict[str, float], usd: float) -> None:
    assert estimate(**counts) == pytest.approx(usd, rel=1e-3)


@pytest.mark.parametrize(
    ("part", "count", "usd"),
    [
        ("ms_intake", 1_000_000, 1_000 * 1_769 / 1_024 * 0.0000133334),
        ("ms_prefetch", 1_000_000, 1_000 * 1_024 / 1_024 * 0.0000133334),
        ("intake_runs", 1_000, 3 * 0.005 + 4 * 0.0004 + 3 * 0.0004 + 0.0002),
    ],
)
def test_the_chart_of_parts_has_what_the_alarm_has_no_room_for(
    part: str, count: float, usd: float
) -> None:
    lines = {line.id: line for line in part_lines(RESOURCES)}
    text = lines[f"usd_{part}"].expression
    assert text is not None
    assert evaluate(text, {part: {DAY: count}})[DAY] == pytest.approx(usd, rel=1e-3)
    assert part not in {line.id for line in cost_lines(RESOURCES, 0)}


def test_an_on_demand_stream_is_charged_by_the_byte() -> None:
    assert estimate(shards=0, bytes_in=1e9) == pytest.approx(0.12)


def test_an_idle_day_costs_the_constant() -> None:
    assert estimate(constant=1.25) == pytest.approx(1.25)


def test_the_constant_is_the_stream_dashboard_alarms_metrics_and_sweeps() -> None:
    by_hand = 24 * 0.015 + (3 + 40 * 0.10 + 50 * 0.30) / 30.4 + 1_440 * 0.2e-6
    assert constant_usd_per_day(RESOURCES, alarm_metrics=40, own_metrics=50) == pytest.approx(
        by_hand
    )


def test_the_constant_counts_the_metrics_that_the_alarms_read() -> None:
    read = sum(alarm.metrics_read for alarm in alarms(RESOURCES, THRESHOLDS).values())
    watched = alarms(RESOURCES, THRESHOLDS)["cost"]
    constant = idle_day_usd(RESOURCES, read - watched.metrics_read)
    assert (watched.lines[-1].expression or "").endswith(f"+ {constant:.4f}")


def test_two_million_rows_in_one_day_stay_below_the_default_alarm() -> None:
    """57,143 collages of 1.5 s; a write unit and two index writes a row, and 20 a window."""
    windows = 2_000_000 / 35
    usd = estimate(
        constant=1.0,
        ms_collage=1_500 * windows,
        ms_windowing=2_000 * 2_000,
        bytes_in=2_000 * 25_000,
        writes=20 * windows,
        writes_0=2 * windows,
        writes_1=2 * windows,
        collages=windows,
    )
    assert usd < THRESHOLDS.cost_usd_per_day
    assert collage_usd() * windows < usd
