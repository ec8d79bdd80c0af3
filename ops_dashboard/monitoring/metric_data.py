"""Reading the data of charts with GetMetricData. Edge (CloudWatch)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops_dashboard.monitoring.chart_lines import ChartLine, chart_lines
from ops_dashboard.monitoring.metric_lines import Query
from ops_dashboard.monitoring.metric_math import Series

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient

_MAX_QUERIES = 500
"""Maximum number of queries in one call of GetMetricData."""


def read_lines(
    cloudwatch: CloudWatchClient, queries: Sequence[Query], start: datetime, end: datetime
) -> list[ChartLine]:
    """Return the visible lines of a chart or alarm, in order; one without data has no points.

    `queries` come from `ops_dashboard.monitoring.metric_lines.metric_queries`.
    """
    series = read_metrics(cloudwatch, queries, start, end)
    return chart_lines(queries, series)


def read_metrics(
    cloudwatch: CloudWatchClient, queries: Sequence[Query], start: datetime, end: datetime
) -> dict[str, Series]:
    """Return the series of all queries for a metric (not an expression), by id."""
    wanted: list[Any] = [
        {**query, "ReturnData": True} for query in queries if "MetricStat" in query
    ]
    series: dict[str, Series] = {query["Id"]: {} for query in wanted}
    for first in range(0, len(wanted), _MAX_QUERIES):
        pages = cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=wanted[first : first + _MAX_QUERIES], StartTime=start, EndTime=end
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                pairs = zip(result["Timestamps"], result["Values"], strict=True)
                series[result["Id"]].update(
                    (int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()), value)
                    for moment, value in pairs
                )
    return {id_: dict(sorted(points.items())) for id_, points in series.items()}
