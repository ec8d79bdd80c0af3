"""Widgets of a CloudWatch dashboard. Pure.

Their format is AWS's "Dashboard Body Structure and Syntax". `rows` places them on the grid of 24
columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ops_dashboard.monitoring.alarm import Alarm
from ops_dashboard.monitoring.metric_lines import Line, metric_array

Widget = dict[str, Any]
COLUMNS = 24
PERIOD_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A horizontal line across a chart, at the threshold of its alarm."""

    label: str
    value: float
    on_right: bool = False


def threshold(alarm: Alarm) -> Annotation:
    """Return the threshold of an alarm, with the condition on which it is raised."""
    return Annotation(label=f"alarm {alarm.name}: {alarm.condition}", value=alarm.above)


def text(markdown: str, *, height: int = 1) -> Widget:
    """Return a text as wide as the dashboard."""
    properties = {"markdown": markdown, "background": "transparent"}
    return _widget("text", COLUMNS, height, properties)


def number(
    title: str, lines: Iterable[Line], region: str, *, width: int = 4, period_s: int = 3_600
) -> Widget:
    """Return a widget that shows the latest value, with a sparkline."""
    properties = {
        **_metrics(title, lines, region, period_s),
        "view": "singleValue",
        "sparkline": True,
    }
    return _widget("metric", width, 4, properties)


def chart(  # noqa: PLR0913 - a chart has that many properties
    title: str,
    lines: Iterable[Line],
    region: str,
    *,
    unit: str,
    right_unit: str | None = None,
    annotations: Sequence[Annotation] = (),
    stacked: bool = False,
    width: int = 8,
    period_s: int = PERIOD_S,
) -> Widget:
    """Return a chart over time; `unit` is the label of its left axis."""
    axes: dict[str, Any] = {"left": {"min": 0, "label": unit, "showUnits": False}}
    if right_unit is not None:
        axes["right"] = {"min": 0, "label": right_unit, "showUnits": False}
    properties = {
        **_metrics(title, lines, region, period_s),
        "view": "timeSeries",
        "stacked": stacked,
        "yAxis": axes,
        "liveData": True,
    }
    if annotations:
        properties["annotations"] = {"horizontal": [_annotation(each) for each in annotations]}
    return _widget("metric", width, 6, properties)


def alarm_status(title: str, arns: Sequence[str], *, width: int = COLUMNS) -> Widget:
    """Return the states of alarms (at most 100), the latest change first."""
    properties = {"title": title, "alarms": list(arns), "sortBy": "stateUpdatedTimestamp"}
    return _widget("alarm", width, 4, properties)


def log_lines(title: str, query: str, groups: Sequence[str], region: str) -> Widget:
    """Return a table of what a Logs Insights query finds in some log groups."""
    sources = " | ".join(f"SOURCE '{group}'" for group in groups)
    properties = {
        "title": title,
        "query": f"{sources}\n| {query}",
        "region": region,
        "view": "table",
    }
    return _widget("log", COLUMNS, 8, properties)


def rows(each: Iterable[Sequence[Widget]]) -> list[Widget]:
    """Return all widgets with their positions; raises `ValueError` if a row is too wide."""
    placed: list[Widget] = []
    top = 0
    for row in each:
        left = 0
        for widget in row:
            placed.append({**widget, "x": left, "y": top})
            left += widget["width"]
        if left > COLUMNS:
            msg = f"a row is {left} columns wide, the grid has {COLUMNS}"
            raise ValueError(msg)
        top += max(widget["height"] for widget in row)
    return placed


def _widget(
    kind: Literal["text", "metric", "alarm", "log"],
    width: int,
    height: int,
    properties: dict[str, Any],
) -> Widget:
    return {"type": kind, "width": width, "height": height, "properties": properties}


def _metrics(title: str, lines: Iterable[Line], region: str, period_s: int) -> dict[str, Any]:
    return {
        "title": title,
        "metrics": [metric_array(line) for line in lines],
        "region": region,
        "period": period_s,
        "stat": "Sum",
    }


def _annotation(annotation: Annotation) -> dict[str, Any]:
    side = {"yAxis": "right"} if annotation.on_right else {}
    return {"label": annotation.label, "value": annotation.value, **side}
