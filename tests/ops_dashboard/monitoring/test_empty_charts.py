from __future__ import annotations

import pytest

from ops_dashboard.local.aws.bridge.emf import report_data
from ops_dashboard.local.aws.bridge.metrics_bridge import _DEPTHS
from ops_dashboard.monitoring.dashboard import dashboard_body
from ops_dashboard.monitoring.empty_charts import EMBEDDED, ONLY_AWS, why_empty
from ops_dashboard.monitoring.metric_lines import metric_queries
from tests.fakes.ops.watched_resources import RESOURCES, THRESHOLDS

REPORT = "REPORT RequestId: a\tDuration: 12.5 ms\tBilled Duration: 13 ms\tMemory Size: 512 MB"
CHARTS = {
    widget["properties"]["title"]: metric_queries(widget)
    for widget in dashboard_body(RESOURCES, THRESHOLDS, [])["widgets"]
    if widget["type"] == "metric"
}


@pytest.mark.parametrize("title", CHARTS)
def test_every_chart_says_why_it_is_empty(title: str) -> None:
    assert why_empty(CHARTS[title], is_aws=True, prefetch=True) not in {"", ONLY_AWS}


def test_what_the_embedded_aws_does_not_measure_says_so() -> None:
    found = {
        title
        for title, queries in CHARTS.items()
        if why_empty(queries, is_aws=False, prefetch=True) == ONLY_AWS
    }
    assert found == {
        "Age of the oldest file or request",
        "Iterator age",
        "Stream throttles",
        "Function errors and throttles",
        "Table units",
        "Table throttles",
        "Events delivered and failed",
        "Queue age",
        "Concurrent executions",
    }


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Reads of followed tables", "no table was followed in this range"),
        ("Windowing duration", "the function did not run in this range"),
        ("Stream throttles", "nothing of this happened in this range"),
        ("Queue depth", "the queue was empty for hours: SQS measures queues that are used"),
        ("Failure rates", "there was nothing to measure in this range"),
        ("Memory used", "there was nothing to measure in this range"),
    ],
)
def test_the_reason_follows_from_what_a_chart_shows(title: str, text: str) -> None:
    assert why_empty(CHARTS[title], is_aws=True, prefetch=True) == text


def test_a_part_that_is_switched_off_says_so() -> None:
    off = "this stack does not prefetch covers (prefetchCovers)"
    found = {
        title
        for title, queries in CHARTS.items()
        if why_empty(queries, is_aws=True, prefetch=False) == off
    }
    assert found == {"Covers that could not be prefetched, by reason"}


def test_what_the_embedded_aws_measures_is_what_its_bridge_publishes() -> None:
    assert [datum["MetricName"] for _, datum in report_data(REPORT, "f", 0)] == list(
        EMBEDDED["AWS/Lambda"]
    )
    assert list(_DEPTHS.values()) == list(EMBEDDED["AWS/SQS"])
