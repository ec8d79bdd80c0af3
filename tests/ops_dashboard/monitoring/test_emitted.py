"""What is watched is what is emitted: alarms and widgets against lines that the code prints.

An alarm or a chart whose metric has another name, namespace or dimension set stays empty without a
word (docs/facts.md#empty-charts), and an EMF line that breaks the format is dropped without one
(docs/facts.md#cloudwatch).
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from collage_lambda.reasons import FailureReason
from ops_dashboard.monitoring.alarms import alarms
from ops_dashboard.monitoring.aws_metrics import check_documented
from ops_dashboard.monitoring.dashboard import dashboard_body
from ops_dashboard.monitoring.metric_lines import Query, metric_queries
from rendition_lambda.reasons import PhotoFailure
from stream_ingest.aws.meter import Meter
from stream_ingest.contracts.metrics import (
    CATALOGUE,
    MEMORY_PERCENT,
    NAMESPACE,
    REASON,
    SERVICE,
    Metric,
    Service,
)
from stream_ingest.follow.gauges import Gauges
from stream_ingest.records.rows import RefusalReason
from stream_ingest.sources.rejection import Rejection
from tests.fakes.ops.emitted_lines import run_handlers
from tests.fakes.ops.watched_resources import RESOURCES, THRESHOLDS, queries_of
from tests.paths import ROOT

ALARMS = alarms(RESOURCES, THRESHOLDS)
WIDGETS = [
    widget
    for widget in dashboard_body(RESOURCES, THRESHOLDS, ["arn:alarm"])["widgets"]
    if widget["type"] == "metric"
]
REASONS = {
    "ImagesFailed": set(FailureReason),
    "RowsRefused": set(RefusalReason),
    "CoversLost": set(FailureReason),
    "FilesRejected": set(Rejection),
    "PhotosFailed": set(PhotoFailure),
}


@dataclass(frozen=True)
class Emitted:
    """One metric of an EMF line, without the value of its reason."""

    name: str
    unit: str
    service: str
    dimensions: frozenset[str]


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    return run_handlers()


@pytest.fixture(scope="module")
def emitted(lines: list[dict[str, Any]]) -> set[Emitted]:
    return sent_by_a_follower() | {
        Emitted(metric["Name"], metric["Unit"], line[SERVICE], frozenset(dimensions))
        for line in lines
        for directive in line["_aws"]["CloudWatchMetrics"]
        for dimensions in directive["Dimensions"]
        for metric in directive["Metrics"]
    }


class CloudWatch:
    """Records the metrics that are sent with PutMetricData."""

    def __init__(self) -> None:
        self.data: list[dict[str, Any]] = []

    def put_metric_data(self, **request: Any) -> None:  # noqa: ANN401 - AWS's request
        assert request["Namespace"] == RESOURCES.namespace
        self.data += request["MetricData"]


def sent_by_a_follower() -> set[Emitted]:
    """Return what a follower sends, which is no function."""
    cloudwatch = CloudWatch()
    gauges = Gauges(cloudwatch, "dev")  # type: ignore[arg-type]
    gauges.add_rows(1)
    gauges.count(reads=1, failures=1)
    return {
        Emitted(
            each["MetricName"],
            each["Unit"],
            each["Dimensions"][0]["Value"],
            frozenset(pair["Name"] for pair in each["Dimensions"]),
        )
        for each in cloudwatch.data
    }


def custom_metric_queries(queries: list[Query]) -> list[dict[str, Any]]:
    metrics = [query["MetricStat"]["Metric"] for query in queries if "MetricStat" in query]
    return [metric for metric in metrics if metric["Namespace"] == RESOURCES.namespace]


def check_emitted(metric: dict[str, Any], emitted: set[Emitted]) -> None:
    """Check that a line has this metric, with these dimensions and this service."""
    dimensions = {pair["Name"]: pair["Value"] for pair in metric["Dimensions"]}
    found = {
        (each.name, each.service, each.dimensions)
        for each in emitted
    }  # fmt: skip
    assert (metric["MetricName"], dimensions[SERVICE], frozenset(dimensions)) in found
    if REASON in dimensions:
        assert dimensions[REASON] in REASONS[metric["MetricName"]]


def dimension_sets(metric: Metric) -> Iterator[frozenset[str]]:
    """The sets of dimension names that a metric is emitted under."""
    if metric.in_total:
        yield frozenset({SERVICE})
    if metric.by_reason:
        yield frozenset({SERVICE, REASON})


def test_the_handlers_emit_exactly_the_catalogue(
    emitted: set[Emitted],
) -> None:
    catalogue = {
        Emitted(metric.name, str(metric.unit), str(service), dimensions)
        for metric in CATALOGUE
        for service in metric.services
        for dimensions in dimension_sets(metric)
    }
    assert emitted == catalogue


def test_every_line_is_emf_that_cloudwatch_accepts(lines: list[dict[str, Any]]) -> None:
    """A JSON object with a time stamp, and a member for every name in its directives."""
    for line in lines:
        assert isinstance(line["_aws"]["Timestamp"], int)
        for directive in line["_aws"]["CloudWatchMetrics"]:
            assert directive["Namespace"] == NAMESPACE
            assert 0 < len(directive["Metrics"]) <= 100
            for metric in directive["Metrics"]:
                assert line[metric["Name"]]
            for dimensions in directive["Dimensions"]:
                assert all(isinstance(line[name], str) and line[name] for name in dimensions)


def test_no_metric_has_a_creator_window_or_batch_as_a_dimension(emitted: set[Emitted]) -> None:
    """Each combination is billed: 10,000 creators cost 3,000 USD a month (docs/facts.md#prices)."""
    assert {name for each in emitted for name in each.dimensions} == {SERVICE, REASON}


def test_the_duration_of_a_window_says_whose_it_is_and_no_other_line_does(
    lines: list[dict[str, Any]],
) -> None:
    """A property costs nothing, and Logs Insights sums durations by it."""
    timed = [line for line in lines if "ProcessingDuration" in line]
    assert {line["window_id"] for line in timed} == {"charli:000001", "charli:000002"}
    assert {line["creator"] for line in timed} == {"charli"}
    assert all("creator" not in line for line in lines if line not in timed)


def test_every_counted_reason_is_a_known_reason(lines: list[dict[str, Any]]) -> None:
    counted = [(name, line[REASON]) for line in lines for name in REASONS if REASON in line]
    found = {(name, reason) for name, reason in counted if any(name in line for line in lines)}
    assert {reason for _, reason in found} <= {
        *FailureReason,
        *PhotoFailure,
        *RefusalReason,
        *Rejection,
    }


@pytest.mark.parametrize("name", ALARMS)
def test_every_custom_metric_of_an_alarm_is_emitted(name: str, emitted: set[Emitted]) -> None:
    for metric in custom_metric_queries(queries_of(ALARMS[name])):
        check_emitted(metric, emitted)


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: widget["properties"]["title"])
def test_every_custom_metric_of_a_widget_is_emitted(
    widget: dict[str, Any], emitted: set[Emitted]
) -> None:
    for metric in custom_metric_queries(metric_queries(widget)):
        check_emitted(metric, emitted)


def test_every_emitted_metric_is_shown_by_a_widget() -> None:
    """A metric without a chart is paid for in vain."""
    drawn = {
        metric["MetricName"]
        for widget in WIDGETS
        for metric in custom_metric_queries(metric_queries(widget))
    }
    assert {metric.name for metric in CATALOGUE} == drawn


def test_every_aws_metric_in_use_is_documented() -> None:
    queries = [query for widget in WIDGETS for query in metric_queries(widget)]
    queries += [query for alarm in ALARMS.values() for query in queries_of(alarm)]
    metrics = [query["MetricStat"]["Metric"] for query in queries if "MetricStat" in query]
    aws_metric = [metric for metric in metrics if metric["Namespace"] != RESOURCES.namespace]
    assert {metric["Namespace"] for metric in aws_metric} == {
        "AWS/Lambda",
        "AWS/Kinesis",
        "AWS/SQS",
        "AWS/Events",
        "AWS/DynamoDB",
        "AWS/Logs",
    }
    for metric in aws_metric:
        names = [pair["Name"] for pair in metric["Dimensions"]]
        check_documented(metric["Namespace"], metric["MetricName"], names)


@pytest.mark.parametrize(
    ("namespace", "name", "dimension"),
    [
        ("AWS/Lambda", "Latency", "FunctionName"),
        ("AWS/Lambda", "Duration", "functionName"),
        ("AWS/Events", "Invocations", "RuleName"),
        ("AWS/Nothing", "Duration", "FunctionName"),
    ],
)
def test_a_metric_that_aws_does_not_document_is_rejected(
    namespace: str, name: str, dimension: str
) -> None:
    with pytest.raises(ValueError, match="is not documented"):
        check_documented(namespace, name, [dimension])


def test_a_metric_of_another_service_cannot_be_emitted() -> None:
    (created,) = [metric for metric in CATALOGUE if metric.name == "CollagesCreated"]
    with pytest.raises(ValueError, match="does not assign CollagesCreated in total to sweeper"):
        Meter(Service.SWEEPER).add(created, 1)
    with pytest.raises(ValueError, match="does not assign CollagesCreated by reason to collage"):
        Meter(Service.COLLAGE).write_by_reason(created, {"x": 1})


def test_a_meter_emits_as_its_own_service_whatever_another_has_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    intake, windowing = Meter(Service.INTAKE), Meter(Service.WINDOWING)
    for _ in range(150):  # 100 values of a metric are written at once, 50 stay
        intake.add(MEMORY_PERCENT, 1)
    windowing.add(MEMORY_PERCENT, 2)
    windowing.flush()
    intake.flush()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line[SERVICE], set(line[MEMORY_PERCENT.name])) for line in lines] == [
        ("intake", {1.0}),
        ("windowing", {2.0}),
        ("intake", {1.0}),
    ]


def test_only_the_meter_emits_metrics() -> None:
    for package in ("stream_ingest", "collage_lambda", "rendition_lambda"):
        for path in (ROOT / package).rglob("*.py"):
            used = {
                node.attr if isinstance(node, ast.Attribute) else node.name
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, (ast.Attribute, ast.alias))
            }
            emits = used & {"add_metric", "single_metric", "Metrics", "EphemeralMetrics"}
            assert not emits or path.name == "meter.py", path
