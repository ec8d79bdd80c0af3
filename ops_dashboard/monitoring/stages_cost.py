"""The dashboard's row on costs: base and work apart, work by part, and per collage. Pure.

The base is what an idle stack costs; work is what rows, files and collages add to it.
"""

from __future__ import annotations

from ops_dashboard.monitoring import cost
from ops_dashboard.monitoring.alarms import alarms
from ops_dashboard.monitoring.metric_lines import HIDDEN, Line, expression
from ops_dashboard.monitoring.resources import Resources, Thresholds
from ops_dashboard.monitoring.widgets import Widget, chart
from stream_ingest.contracts.settings import DAY_S

_HOUR_S = 3_600
_ALWAYS = "ms_sweeper"
"""The count that has data for every hour: the sweeper runs each minute."""


def base_usd_per_day(resources: Resources, thresholds: Thresholds) -> float:
    """Return what a day costs on which nothing happens."""
    others = [each for name, each in alarms(resources, thresholds).items() if name != "cost"]
    return cost.idle_day_usd(resources, sum(each.metrics_read for each in others))


def so_far(resources: Resources, thresholds: Thresholds) -> list[Line]:
    """Return the lines of the cost alarm, then its two parts: work so far, and the day's base."""
    base = base_usd_per_day(resources, thresholds)
    return [
        *alarms(resources, thresholds)["cost"].lines,
        expression("work", "work so far", f"cost - {base:.4f}"),
        expression("base", "base of a day", f"cost * 0 + {base:.4f}"),
    ]


def row(resources: Resources, thresholds: Thresholds) -> list[Widget]:
    """Return the charts of the row; each point is an hour."""
    parts = cost.part_lines(resources)
    by_part = [line for line in parts if line.expression]
    counts = [line for line in parts if not line.expression]
    hidden = [expression(each.id, each.label, each.expression or "", HIDDEN) for each in by_part]
    total = f"SUM([{', '.join(each.id for each in by_part)}])"
    base = base_usd_per_day(resources, thresholds)
    base_line = f"{_ALWAYS} * 0 + PERIOD({_ALWAYS}) * {base / DAY_S:.12f}"
    work = expression("work", "work", total)
    return [
        _costs(
            "Base and work, estimated",
            [*counts, *hidden, expression("base", "base", base_line), work],
            resources,
        ),
        _costs("Work by part, estimated", parts, resources),
        chart(
            "Work for 1,000 collages, estimated",
            [
                *counts,
                *hidden,
                expression("per_thousand", "1,000 collages", f"1000 * {total} / collages"),
            ],
            resources.region,
            unit="USD",
            period_s=_HOUR_S,
        ),
    ]


def _costs(title: str, lines: list[Line], resources: Resources) -> Widget:
    return chart(title, lines, resources.region, unit="USD an hour", stacked=True, period_s=_HOUR_S)
