"""The widgets of a CloudWatch dashboard with their data, ready to be drawn. Pure.

The widgets come from the dashboard's body in CloudWatch, so the console shows what CloudWatch
shows. A chart covers the range that the user has chosen; a figure has its own period and shows the
latest value, as in CloudWatch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from markdown_it import MarkdownIt

from ops_dashboard.console.api.chart_range import ChartRange
from ops_dashboard.monitoring.chart_lines import chart_lines
from ops_dashboard.monitoring.empty_charts import why_empty
from ops_dashboard.monitoring.metric_lines import Query, metric_queries
from ops_dashboard.monitoring.metric_math import Series
from stream_ingest.contracts.settings import DAY_S

_HOUR_S = 3_600
_PERIOD_WORDS = {60: "a minute", _HOUR_S: "an hour", DAY_S: "a day"}
_MARKDOWN = MarkdownIt("commonmark", {"html": False})


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A heading or paragraph of a text widget, as plain text."""

    tag: str
    text: str


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a chart."""

    label: str
    points: list[tuple[int, float]]
    """Epoch second and value, in order."""
    is_count: bool
    """Whether a missing point means zero rather than unknown."""
    on_right: bool = False
    color: str | None = None


class Annotation(msgspec.Struct, frozen=True, kw_only=True):
    """A horizontal line across a chart (CloudWatch's horizontal annotation)."""

    label: str
    value: float
    on_right: bool = False


class FigurePart(msgspec.Struct, frozen=True, kw_only=True):
    """A further number of a figure, such as a part of its sum."""

    label: str
    value: float


class WidgetView(msgspec.Struct, frozen=True, kw_only=True):
    """A widget: its place on the grid of 24 columns, and its content.

    Fields that do not belong to its kind are empty.
    """

    kind: Literal["text", "figure", "chart", "alarms", "log"]
    x: int
    y: int
    width: int
    height: int
    title: str = ""
    blocks: list[Block] = []
    lines: list[LineView] = []
    empty: str = ""
    """Why a chart or figure has no data; empty if it has."""
    value: float | None = None
    parts: list[FigurePart] = []
    period: int = 0
    """Seconds per point of a chart."""
    unit: str = ""
    right_unit: str = ""
    stacked: bool = False
    annotations: list[Annotation] = []
    alarms: list[str] = []
    query: str = ""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a stack measures."""

    is_aws: bool = True
    """Whether it is on AWS, and not on the embedded AWS."""
    prefetch: bool = True
    """Whether it prefetches covers."""


class MetricRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Metric queries of one widget, and the range to read."""

    queries: list[Query]
    start: datetime
    end: datetime


def unit_in(unit: str, period_s: int) -> str:
    """Return an axis's unit for points of a period: ``rows a minute``, ``rows in 5 minutes``."""
    for own in _PERIOD_WORDS.values():
        if unit.endswith(own):
            return unit.removesuffix(own) + _PERIOD_WORDS.get(period_s, f"in {_span(period_s)}")
    return unit


def _span(period_s: int) -> str:
    return f"{period_s // 60} minutes" if period_s < _HOUR_S else f"{period_s // _HOUR_S} hours"


def metric_requests(widget: Mapping[str, Any], chosen: ChartRange) -> list[MetricRequest]:
    """Return what to read for a widget: one request for a chart, two for a figure, else none.

    A figure needs its latest value over its own period, and the range for its sparkline.
    """
    if widget["type"] != "metric":
        return []
    history = MetricRequest(
        queries=metric_queries(widget, _period_s(widget, chosen)),
        start=chosen.start,
        end=chosen.end,
    )
    if not is_figure(widget):
        return [history]
    start = _latest_start(int(widget["properties"]["period"]), chosen.now)
    return [MetricRequest(queries=metric_queries(widget), start=start, end=chosen.now), history]


def _latest_start(period_s: int, now: datetime) -> datetime:
    """Return where the latest value of a figure is looked for: in the running hour or day.

    Of shorter periods, the last five minutes: the running one may have no value yet.
    """
    if period_s < _HOUR_S:
        return now - timedelta(minutes=5)
    last_s = int(now.timestamp()) - 1
    return datetime.fromtimestamp(last_s // period_s * period_s, now.tzinfo)


def _period_s(widget: Mapping[str, Any], chosen: ChartRange) -> int:
    """Return the period of a widget's points: at least its own, unless it is a figure."""
    own_s = 0 if is_figure(widget) else int(widget["properties"].get("period", 0))
    return max(chosen.period_s, own_s)


def is_figure(widget: Mapping[str, Any]) -> bool:
    """Return whether a widget shows one large number."""
    return bool(widget["properties"].get("view") == "singleValue")


def build_view(
    widget: Mapping[str, Any],
    requests: Sequence[MetricRequest],
    data: Sequence[dict[str, Series]],
    measured: Measured,
) -> WidgetView:
    """Return a widget with its data: for each of its `requests`, the series by query id."""
    view = _view(widget, requests, data)
    is_known = view.value is not None or any(line.points for line in view.lines)
    if view.kind not in {"chart", "figure"} or is_known:
        return view
    why = why_empty(requests[-1].queries, is_aws=measured.is_aws, prefetch=measured.prefetch)
    return msgspec.structs.replace(view, empty=why)


def _view(
    widget: Mapping[str, Any], requests: Sequence[MetricRequest], data: Sequence[dict[str, Series]]
) -> WidgetView:
    place: dict[str, Any] = {name: int(widget[name]) for name in ("x", "y", "width", "height")}
    properties = widget["properties"]
    title = str(properties.get("title", ""))
    match widget["type"]:
        case "text":
            return WidgetView(kind="text", **place, blocks=list(_blocks(properties["markdown"])))
        case "alarm":
            names = [arn.rpartition(":alarm:")[2] for arn in properties["alarms"]]
            return WidgetView(kind="alarms", **place, title=title, alarms=names)
        case "log":
            return WidgetView(kind="log", **place, title=title, query=properties["query"])
    if is_figure(widget):
        return _figure(place, title, requests, data)
    axes, period_s = properties.get("yAxis", {}), period_of(requests[0].queries)
    return WidgetView(
        kind="chart",
        **place,
        title=title,
        lines=_lines(widget, requests[0], data[0]),
        period=period_s,
        unit=unit_in(axes.get("left", {}).get("label", ""), period_s),
        right_unit=unit_in(axes.get("right", {}).get("label", ""), period_s),
        stacked=bool(properties.get("stacked")),
        annotations=[
            Annotation(
                label=each["label"],
                value=each["value"],
                on_right=each.get("yAxis") == "right",
            )
            for each in properties.get("annotations", {}).get("horizontal", [])
        ],
    )


def _figure(
    place: dict[str, Any],
    title: str,
    requests: Sequence[MetricRequest],
    data: Sequence[dict[str, Series]],
) -> WidgetView:
    (latest, *others), (history, *_) = (
        chart_lines(request.queries, series) for request, series in zip(requests, data, strict=True)
    )
    points = [(moment, each) for moment, each in history.points.items()]
    line = LineView(
        label=latest.label, points=points, is_count=_is_count(requests[1].queries, history.id)
    )
    value = _last(latest.points)
    if value is None and line.is_count:
        value = 0.0
    parts = [(each.label, _last(each.points)) for each in others]
    return WidgetView(
        kind="figure",
        **place,
        title=title,
        lines=[line],
        value=value,
        parts=[FigurePart(label=label, value=last) for label, last in parts if last is not None],
        period=period_of(requests[1].queries),
        unit=latest.label,
    )


def _last(points: Series) -> float | None:
    return list(points.values())[-1] if points else None


def period_of(queries: Sequence[Query]) -> int:
    """Return the period of queries for metrics, in seconds; it is the same for all of them."""
    return next(int(each["MetricStat"]["Period"]) for each in queries if "MetricStat" in each)


def _lines(
    widget: Mapping[str, Any], request: MetricRequest, data: dict[str, Series]
) -> list[LineView]:
    options = {entry[-1]["id"]: entry[-1] for entry in widget["properties"]["metrics"]}
    return [
        LineView(
            label=line.label,
            points=[(moment, value) for moment, value in line.points.items()],
            is_count=_is_count(request.queries, line.id),
            on_right=options[line.id].get("yAxis") == "right",
            color=options[line.id].get("color"),
        )
        for line in chart_lines(request.queries, data)
    ]


def _is_count(queries: Sequence[Query], id_: str) -> bool:
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
