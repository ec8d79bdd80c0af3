"""Lines of a chart with their data; expressions are evaluated here. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ops_dashboard.monitoring.metric_lines import Query
from ops_dashboard.monitoring.metric_math import Series, evaluate


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartLine:
    """One line of a chart with its data."""

    id: str
    label: str
    points: Series
    """Values by epoch second, in order."""


def chart_lines(queries: Sequence[Query], series: dict[str, Series]) -> list[ChartLine]:
    """Return the visible lines, given the metrics' series by id.

    An expression may refer to the metrics and to earlier expressions.
    """
    known = dict(series)
    for query in queries:
        if "Expression" in query:
            known[query["Id"]] = evaluate(query["Expression"], known, query.get("Period"))
    return [
        ChartLine(id=query["Id"], label=query["Label"], points=known[query["Id"]])
        for query in queries
        if query["ReturnData"]
    ]
