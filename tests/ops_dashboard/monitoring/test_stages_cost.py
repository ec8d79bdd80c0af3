"""Base and work against the estimate of the alarm, and against arithmetic by hand."""

from __future__ import annotations

import pytest

from ops_dashboard.monitoring.chart_lines import chart_lines
from ops_dashboard.monitoring.cost import collage_usd
from ops_dashboard.monitoring.metric_lines import metric_queries
from ops_dashboard.monitoring.metric_math import Series
from ops_dashboard.monitoring.stages_cost import base_usd_per_day, row, so_far
from ops_dashboard.monitoring.widgets import Widget, number
from tests.fakes.ops.watched_resources import RESOURCES, THRESHOLDS

DAY, HOUR = 86_400, 3_600


def values(widget: Widget, period_s: int, **counts: float) -> dict[str, float]:
    """Return the values of a widget's lines in a period of those counts."""
    queries = metric_queries(widget, period_s)
    series: dict[str, Series] = {q["Id"]: {} for q in queries if "MetricStat" in q}
    series |= {id_: {0: count} for id_, count in counts.items()}
    return {each.label: each.points[0] for each in chart_lines(queries, series) if each.points}


def test_base_and_work_of_today_add_up_to_what_the_alarm_watches() -> None:
    figure = number("Cost", so_far(RESOURCES, THRESHOLDS), "r", period_s=DAY)
    found = values(figure, DAY, ms_sweeper=0.0, collages=1_000.0)
    assert found["work so far"] == pytest.approx(1_000 * collage_usd())
    assert found["base of a day"] == pytest.approx(
        base_usd_per_day(RESOURCES, THRESHOLDS), abs=1e-4
    )
    assert found["USD"] == pytest.approx(found["work so far"] + found["base of a day"], abs=1e-4)


@pytest.mark.parametrize("period_s", [HOUR, 6 * HOUR, DAY])
def test_the_base_of_a_period_is_its_part_of_a_day(period_s: int) -> None:
    both, _, _ = row(RESOURCES, THRESHOLDS)
    found = values(both, period_s, ms_sweeper=0.0, collages=10.0)
    base = base_usd_per_day(RESOURCES, THRESHOLDS)
    assert found["base"] == pytest.approx(base * period_s / DAY, rel=1e-6)
    assert found["work"] == pytest.approx(10 * collage_usd())


def test_work_for_a_thousand_collages_is_without_the_base() -> None:
    _, by_part, per_thousand = row(RESOURCES, THRESHOLDS)
    counts = {"ms_sweeper": 1_000.0, "collages": 250.0, "ms_collage": 400_000.0}
    work = sum(values(by_part, HOUR, **counts).values())
    assert values(per_thousand, HOUR, **counts) == {"1,000 collages": pytest.approx(4 * work)}


def test_an_hour_without_collages_has_no_cost_of_collages() -> None:
    per_thousand = row(RESOURCES, THRESHOLDS)[2]
    assert values(per_thousand, HOUR, ms_sweeper=1_000.0) == {}
