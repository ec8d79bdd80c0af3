"""Why a chart has no data, for whoever looks at it. Pure.

CloudWatch has no data for what never happened: a metric begins with its first value.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ops_dashboard.monitoring.metric_lines import Query
from stream_ingest.contracts.metrics import SERVICE, Service

EMBEDDED: Mapping[str, Collection[str]] = {
    "AWS/Lambda": ("Duration", "Invocations"),
    "AWS/Kinesis": ("IncomingBytes", "IncomingRecords"),
    "AWS/SQS": ("ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"),
}
"""AWS's own metrics that the embedded AWS has, too (`local.aws.bridge`)."""
ONLY_AWS = "only AWS measures this, the embedded AWS does not"
_COUNTS = frozenset({"Sum", "SampleCount"})


def why_empty(queries: Sequence[Query], *, is_aws: bool, prefetch: bool) -> str:
    """Return why these queries, those of one chart or figure, returned nothing.

    `prefetch` is whether the stack prefetches covers.
    """
    metrics = [query["MetricStat"]["Metric"] for query in queries if "MetricStat" in query]
    if not is_aws and not any(map(_is_embedded, metrics)):
        return ONLY_AWS
    if unused := _unused(metrics, prefetch=prefetch):
        return unused
    if {metric["MetricName"] for metric in metrics} == {"Duration"}:
        return "the function did not run in this range"
    if is_aws and {metric["Namespace"] for metric in metrics} == {"AWS/SQS"}:
        return "the queue was empty for hours: SQS measures queues that are used"
    shown = [query for query in queries if query["ReturnData"]]
    if all(query.get("MetricStat", {}).get("Stat") in _COUNTS for query in shown):
        return "nothing of this happened in this range"
    return "there was nothing to measure in this range"


def _is_embedded(metric: Mapping[str, Any]) -> bool:
    namespace: str = metric["Namespace"]
    is_own = not namespace.startswith("AWS/")
    return is_own or metric["MetricName"] in EMBEDDED.get(namespace, ())


def _unused(metrics: Sequence[Mapping[str, Any]], *, prefetch: bool) -> str | None:
    """Return what the stack does not do, if these metrics are about nothing else."""
    services = {service for metric in metrics for service in _services(metric)}
    if services == {Service.FOLLOW}:
        return "no table was followed in this range"
    if services == {Service.PREFETCH} and not prefetch:
        return "this stack does not prefetch covers (prefetchCovers)"
    return None


def _services(metric: Mapping[str, Any]) -> list[str]:
    own = [each["Value"] for each in metric["Dimensions"] if each["Name"] == SERVICE]
    return own or [metric["Namespace"]]
