"""Lines of a chart, for CloudWatch's dashboards and alarms and for GetMetricData. Pure.

A `Line` is a metric with its statistic, or an expression over other lines of the same chart
(CloudWatch's metric math). Every line has an id by which expressions refer to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ops_dashboard.monitoring.aws_metrics import check_documented
from ops_dashboard.monitoring.resources import Resources
from stream_ingest.contracts.metrics import REASON, SERVICE, Metric, Service

Query = dict[str, Any]
"""A MetricDataQuery, as GetMetricData and PutMetricAlarm take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A metric, or an expression over the ids of others."""

    id: str
    label: str
    namespace: str = ""
    metric: str = ""
    dimensions: Mapping[str, str]
    stat: str = "Sum"
    expression: str | None = None
    visible: bool = True
    on_right: bool = False
    """Drawn against the right axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStyle:
    """How a line is drawn."""

    stat: str = "Sum"
    visible: bool = True
    on_right: bool = False


SUM = LineStyle()
HIDDEN = LineStyle(visible=False)
MAX = LineStyle(stat="Maximum")


def custom_metric(  # noqa: PLR0913 - a line has that many properties
    resources: Resources,
    metric: Metric,
    service: Service,
    id_: str,
    label: str,
    *,
    style: LineStyle = SUM,
    reason: str | None = None,
) -> Line:
    """Return a line of a metric of the catalogue.

    Raises `ValueError` if `service` does not emit it, in total or by `reason`.
    """
    fits = metric.in_total if reason is None else metric.by_reason
    if service not in metric.services or not fits:
        msg = f"{service} does not emit {metric.name} {'in total' if reason is None else reason}"
        raise ValueError(msg)
    dimensions = {SERVICE: str(service)} if reason is None else {REASON: reason, SERVICE: service}
    return _line((resources.namespace, metric.name), dimensions, id_, label, style)


def aws_metric(  # noqa: PLR0913 - a line has that many properties
    namespace: str,
    metric: str,
    dimensions: Mapping[str, str],
    id_: str,
    label: str,
    *,
    style: LineStyle = SUM,
) -> Line:
    """Return a line of one of AWS's metrics; raises `ValueError` if AWS does not document it."""
    check_documented(namespace, metric, dimensions)
    return _line((namespace, metric), dimensions, id_, label, style)


def expression(id_: str, label: str, formula: str, style: LineStyle = SUM) -> Line:
    """Return a line that is computed from others."""
    return Line(
        id=id_,
        label=label,
        dimensions={},
        expression=formula,
        visible=style.visible,
        on_right=style.on_right,
    )


def _line(
    name: tuple[str, str], dimensions: Mapping[str, str], id_: str, label: str, style: LineStyle
) -> Line:
    return Line(
        id=id_,
        label=label,
        namespace=name[0],
        metric=name[1],
        dimensions={key: str(value) for key, value in dimensions.items()},
        stat=style.stat,
        visible=style.visible,
        on_right=style.on_right,
    )


def metric_array(line: Line) -> list[Any]:
    """Return a line as an entry of a metric widget's ``metrics``."""
    options: dict[str, Any] = {"id": line.id, "label": line.label}
    if not line.visible:
        options["visible"] = False
    if line.on_right:
        options["yAxis"] = "right"
    if line.expression is not None:
        return [{**options, "expression": line.expression}]
    names = [part for pair in line.dimensions.items() for part in pair]
    return [line.namespace, line.metric, *names, {**options, "stat": line.stat}]


def metric_queries(widget: Mapping[str, Any], period_s: int | None = None) -> list[Query]:
    """Return a metric widget of a dashboard's body as queries for GetMetricData.

    `period_s` overrides the widget's own period. The body may also be one that was read back from
    CloudWatch. Raises `ValueError` for a widget without metrics, and for CloudWatch's shorthand of
    dots, which our dashboard does not use.
    """
    if widget["type"] != "metric":
        msg = f"a {widget['type']} widget has no metrics"
        raise ValueError(msg)
    properties = widget["properties"]
    period = period_s or int(properties.get("period", 300))
    return [_query(entry, period) for entry in properties["metrics"]]


def _query(entry: list[Any], period_s: int) -> Query:
    *names, options = entry
    shown: Query = {
        "Id": options["id"],
        "Label": options["label"],
        "ReturnData": options.get("visible", True),
    }
    if "expression" in options:
        return {**shown, "Expression": options["expression"], "Period": period_s}
    if "." in names or "..." in names:
        msg = f"{names}: the shorthand of dots is not supported"
        raise ValueError(msg)
    namespace, metric, *pairs = names
    dimensions = [
        {"Name": name, "Value": value} for name, value in zip(pairs[::2], pairs[1::2], strict=True)
    ]
    return {
        **shown,
        "MetricStat": {
            "Metric": {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions},
            "Period": period_s,
            "Stat": options["stat"],
        },
    }
