"""The chart of one alarm: what it watches in its own periods, and its threshold. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from ops_dashboard.console.api.charts import (
    Annotation,
    LineView,
    Measured,
    is_figure,
    period_of,
    unit_in,
)
from ops_dashboard.monitoring.chart_lines import chart_lines
from ops_dashboard.monitoring.empty_charts import why_empty
from ops_dashboard.monitoring.metric_lines import Query, metric_queries
from ops_dashboard.monitoring.metric_math import Series
from ops_dashboard.monitoring.widgets import Widget

_PERIODS_SHOWN = 36
"""Three hours of an alarm whose periods have five minutes."""


class WatchedRange(msgspec.Struct, frozen=True, kw_only=True):
    """What an alarm watches, and the range of its chart in epoch seconds."""

    queries: Sequence[Query]
    threshold: float
    start: int
    end: int


class AlarmChart(msgspec.Struct, frozen=True, kw_only=True):
    """A chart of the periods that an alarm has evaluated."""

    title: str
    """Of the dashboard's chart that shows the same; empty if none does."""
    unit: str
    start: int
    end: int
    """Epoch seconds."""
    period: int
    lines: list[LineView]
    annotations: list[Annotation]
    empty: str
    """Why there are no points; empty if there are some."""
    stacked: bool = False
    right_unit: str = ""


def alarm_queries(alarm: Mapping[str, Any]) -> list[Query]:
    """Return what an alarm of DescribeAlarms watches; nothing if the answer does not say it."""
    if alarm.get("Metrics"):
        return [{"Label": each["Id"], "ReturnData": True, **each} for each in alarm["Metrics"]]
    if "MetricName" not in alarm:
        return []
    metric = {key: alarm.get(key, []) for key in ("Namespace", "MetricName", "Dimensions")}
    stat = alarm.get("Statistic") or alarm.get("ExtendedStatistic", "")
    watched = {"Metric": metric, "Period": alarm["Period"], "Stat": stat}
    label = alarm["MetricName"]
    return [{"Id": "watched", "Label": label, "ReturnData": True, "MetricStat": watched}]


def alarm_range(queries: Sequence[Query], now: datetime) -> tuple[int, int]:
    """Return the range of an alarm's chart in epoch seconds, aligned to its periods."""
    period = period_of(queries)
    end = int(now.timestamp()) // period * period + period
    return end - _PERIODS_SHOWN * period, end


def build_alarm_chart(
    watched: WatchedRange,
    series: dict[str, Series],
    widgets: Sequence[Widget],
    measured: Measured,
) -> AlarmChart:
    """Return the chart of an alarm, in the unit of the dashboard's chart of the same metrics."""
    queries = watched.queries
    (drawn,) = chart_lines(queries, series)
    why = why_empty(queries, is_aws=measured.is_aws, prefetch=measured.prefetch)
    title, unit = _place(queries, widgets)
    points = list(drawn.points.items())
    return AlarmChart(
        title=title,
        unit=unit,
        start=watched.start,
        end=watched.end,
        period=period_of(queries),
        lines=[LineView(label=_label(queries), points=points, is_count=False)],
        annotations=[Annotation(label="alarm", value=watched.threshold)],
        empty="" if points else why,
    )


def _place(queries: Sequence[Query], widgets: Sequence[Widget]) -> tuple[str, str]:
    """Return the title and unit of the dashboard's chart that shows what an alarm watches."""
    (watched,) = (each for each in queries if each["ReturnData"])
    for widget in widgets:
        if widget["type"] != "metric" or is_figure(widget):
            continue
        properties = widget["properties"]
        for shown, entry in zip(metric_queries(widget), properties["metrics"], strict=True):
            if _identity(shown) == _identity(watched):
                side = entry[-1].get("yAxis", "left")
                unit = properties.get("yAxis", {}).get(side, {}).get("label", "")
                return properties.get("title", ""), unit_in(unit, period_of(queries))
    return "", "percent" if watched["Label"].endswith("%") else ""


def _label(queries: Sequence[Query]) -> str:
    """Return the label of what an alarm watches; its metric if the alarm has none."""
    (watched,) = (each for each in queries if each["ReturnData"])
    if watched["Label"] != watched["Id"] or "MetricStat" not in watched:
        return str(watched["Label"])
    return str(watched["MetricStat"]["Metric"]["MetricName"])


def _identity(query: Query) -> object:
    """Return what two queries have in common if they read the same."""
    if "Expression" in query:
        return query["Expression"]
    metric = query["MetricStat"]["Metric"]
    dimensions = {(each["Name"], each["Value"]) for each in metric["Dimensions"]}
    return metric["Namespace"], metric["MetricName"], frozenset(dimensions)
