"""The widgets of a dashboard's body with their data, ready to be drawn. Pure.

The body is the one that CloudWatch has: what the console shows is what CloudWatch shows. A chart's
data are read for the range that the reader chose; a figure keeps its own period and shows the
latest value, as CloudWatch does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from markdown_it import MarkdownIt

from ops_dashboard.monitoring.chart_lines import chart_lines
from ops_dashboard.monitoring.metric_lines import Query, metric_queries
from ops_dashboard.monitoring.metric_math import Series

RANGES = {"15m": 15, "1h": 60, "3h": 180, "12h": 720, "1d": 1_440, "7d": 10_080}
"""Minutes, by name."""
_PERIODS = ((180, 60), (720, 300), (1_440, 900), (10_080, 3_600))
"""Up to so many minutes, a point stands for so many seconds: 180 points or fewer."""
_MARKDOWN = MarkdownIt("commonmark", {"html": False})


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A heading or paragraph of a text widget, as plain text."""

    tag: str
    text: str


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a chart."""

    label: str
    points: list[tuple[int, float]]
    """Epoch second and value, in order."""
    counts: bool
    """Whether no point means that nothing happened, and not that nothing is known."""
    on_right: bool = False
    color: str | None = None


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A horizontal line across a chart."""

    label: str
    value: float


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One widget: its place on 24 columns, and what is in it; the fields of its kind are set."""

    kind: Literal["text", "figure", "chart", "alarms", "log"]
    x: int
    y: int
    width: int
    height: int
    title: str = ""
    blocks: list[Block] = []
    lines: list[Drawing] = []
    value: float | None = None
    unit: str = ""
    right_unit: str = ""
    stacked: bool = False
    marks: list[Mark] = []
    alarms: list[str] = []
    query: str = ""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """Queries of one widget and the range that they are read over."""

    queries: list[Query]
    start: datetime
    end: datetime


def period_for(minutes: int) -> int:
    """Return how many seconds a point of a chart stands for."""
    return next(period for most, period in _PERIODS if minutes <= most)


def asks_of(widget: Mapping[str, Any], minutes: int, now: datetime) -> list[Ask]:
    """Return what to read for a widget: nothing, a chart's lines, or a figure and its course."""
    if widget["type"] != "metric":
        return []
    course = Ask(
        queries=metric_queries(widget, period_for(minutes)),
        start=now - timedelta(minutes=minutes),
        end=now,
    )
    if not is_figure(widget):
        return [course]
    period_s = int(widget["properties"]["period"])
    latest = Ask(
        queries=metric_queries(widget),
        start=now - timedelta(seconds=max(period_s, 300)),
        end=now,
    )
    return [latest, course]


def is_figure(widget: Mapping[str, Any]) -> bool:
    """Tell whether a widget shows one large number."""
    return bool(widget["properties"].get("view") == "singleValue")


def shown(
    widget: Mapping[str, Any], asks: Sequence[Ask], data: Sequence[dict[str, Series]]
) -> Shown:
    """Return a widget with its data; `data` are the series by id of each of its `asks`."""
    place: dict[str, Any] = {name: int(widget[name]) for name in ("x", "y", "width", "height")}
    properties = widget["properties"]
    title = str(properties.get("title", ""))
    match widget["type"]:
        case "text":
            return Shown(kind="text", **place, blocks=list(_blocks(properties["markdown"])))
        case "alarm":
            names = [arn.rpartition(":alarm:")[2] for arn in properties["alarms"]]
            return Shown(kind="alarms", **place, title=title, alarms=names)
        case "log":
            return Shown(kind="log", **place, title=title, query=properties["query"])
    if is_figure(widget):
        return _figure(place, title, asks, data)
    axes = properties.get("yAxis", {})
    return Shown(
        kind="chart",
        **place,
        title=title,
        lines=_lines(widget, asks[0], data[0]),
        unit=axes.get("left", {}).get("label", ""),
        right_unit=axes.get("right", {}).get("label", ""),
        stacked=bool(properties.get("stacked")),
        marks=[
            Mark(label=each["label"], value=each["value"])
            for each in properties.get("annotations", {}).get("horizontal", [])
        ],
    )


def _figure(
    place: dict[str, Any], title: str, asks: Sequence[Ask], data: Sequence[dict[str, Series]]
) -> Shown:
    latest, course = (
        chart_lines(asks[0].queries, data[0])[0],
        chart_lines(asks[1].queries, data[1])[0],
    )
    value = list(latest.points.values())[-1] if latest.points else None
    points = [(moment, each) for moment, each in course.points.items()]
    line = Drawing(label=latest.label, points=points, counts=_counts(asks[1].queries, course.id))
    return Shown(kind="figure", **place, title=title, lines=[line], value=value, unit=latest.label)


def _lines(widget: Mapping[str, Any], ask: Ask, data: dict[str, Series]) -> list[Drawing]:
    looks = {entry[-1]["id"]: entry[-1] for entry in widget["properties"]["metrics"]}
    return [
        Drawing(
            label=line.label,
            points=[(moment, value) for moment, value in line.points.items()],
            counts=_counts(ask.queries, line.id),
            on_right=looks[line.id].get("yAxis") == "right",
            color=looks[line.id].get("color"),
        )
        for line in chart_lines(ask.queries, data)
    ]


def _counts(queries: Sequence[Query], id_: str) -> bool:
    query = next(each for each in queries if each["Id"] == id_)
    return query.get("MetricStat", {}).get("Stat") in {"Sum", "SampleCount"}


def _blocks(markdown: str) -> Iterator[Block]:
    tag = "p"
    for token in _MARKDOWN.parse(markdown):
        if token.type in {"heading_open", "paragraph_open"}:
            tag = token.tag
        elif token.type == "inline":
            parts = [each.content or " " for each in token.children or []]
            yield Block(tag=tag, text="".join(parts).strip())
