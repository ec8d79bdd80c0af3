from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

from ops_dashboard.monitoring.alarm import Alarm
from ops_dashboard.monitoring.alarms import alarms
from ops_dashboard.monitoring.dashboard import dashboard_body
from ops_dashboard.monitoring.metric_lines import Line
from stream_ingest.contracts.metrics import FUNCTIONS
from tests.fakes.ops.watched_resources import RESOURCES, THRESHOLDS
from tests.pulumi.recorder import Recorder

if TYPE_CHECKING:
    from conftest import Deploy

ALARMS = alarms(RESOURCES, THRESHOLDS)


@pytest.fixture(scope="module")
def dev(deploy: Deploy) -> Recorder:
    """The dev stack with every function, as the watched resources have them."""
    return deploy("dev", photos=True, photosCdn=True, photosUploadLinks=True)


def watched(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an alarm's inputs watch, metric or queries, in one form."""
    if "metricQueries" not in inputs:
        keys = ("namespace", "metricName", "dimensions", "period", "statistic")
        return [{key.replace("statistic", "stat"): inputs[key] for key in keys}]
    return [query.get("metric", query.get("expression")) for query in inputs["metricQueries"]]


def expected(alarm: Alarm) -> list[Any]:
    def one(line: Line) -> Any:  # noqa: ANN401 - a query's metric or its expression
        return line.expression or {
            "namespace": line.namespace,
            "metricName": line.metric,
            "dimensions": dict(line.dimensions),
            "period": alarm.period_s,
            "stat": line.stat,
        }

    return [one(line) for line in alarm.lines]


def test_the_stack_has_the_alarms_of_the_catalogue_and_no_other(dev: Recorder) -> None:
    assert sorted(alarm.name for alarm in dev.all("MetricAlarm")) == sorted(ALARMS)


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_this_stacks_parts_under_their_real_names(
    dev: Recorder, name: str
) -> None:
    """An alarm on another dimension set would be silently empty (terraform #21853)."""
    alarm, inputs = ALARMS[name], dev.one("MetricAlarm", name).inputs
    assert watched(inputs) == expected(alarm)
    assert inputs["name"] == f"coverstream-dev-{name}"
    assert (inputs["threshold"], inputs["comparisonOperator"]) == (
        alarm.above,
        "GreaterThanThreshold",
    )
    assert (inputs["evaluationPeriods"], inputs["datapointsToAlarm"]) == (
        alarm.periods,
        alarm.breaching,
    )
    assert inputs["treatMissingData"] == alarm.missing
    assert inputs["alarmDescription"] == alarm.description
    on_none = inputs.get("insufficientDataActions", [])
    assert on_none == (["arn:Topic:monitoring"] if alarm.missing == "missing" else [])


def test_every_alarm_notifies_people_of_its_start_and_its_end(dev: Recorder) -> None:
    for alarm in dev.all("MetricAlarm"):
        assert alarm.inputs["alarmActions"] == ["arn:Topic:monitoring"]
        assert alarm.inputs["okActions"] == ["arn:Topic:monitoring"]


def test_an_expression_returns_one_series_of_at_most_ten_metrics(dev: Recorder) -> None:
    """What PutMetricAlarm allows: ten metrics, ten expressions, one that returns its data."""
    for alarm in dev.all("MetricAlarm"):
        queries = alarm.inputs.get("metricQueries", [])
        assert sum("metric" in query for query in queries) <= 10
        returned = [query for query in queries if query["returnData"]]
        assert not queries or [set(query) >= {"expression"} for query in returned] == [True]


def test_a_period_that_is_watched_is_one_that_cloudwatch_allows(dev: Recorder) -> None:
    """Periods of an alarm cover a day at most, or a week if each is an hour or more."""
    for alarm in ALARMS.values():
        assert alarm.period_s % 60 == 0
        assert alarm.period_s * alarm.periods <= (604_800 if alarm.period_s >= 3_600 else 86_400)
    assert len(dev.all("MetricAlarm")) == len(ALARMS)


def test_thresholds_are_settings_of_the_stack(changed: Recorder, dev: Recorder) -> None:
    """Each setting moves the threshold of its own alarm."""
    thresholds = {
        "collage-errors": 7,
        "collage-duration": 60_000,
        "windowing-memory": 70,
        "sweeper-dead-letters": 0,
        "iterator-age": 180_000,
        "windows-stuck": 1_200,
        "image-failures": 50,
        "cost": 3,
    }
    for alarm, threshold in thresholds.items():
        assert changed.one("MetricAlarm", alarm).inputs["threshold"] == threshold
        assert dev.one("MetricAlarm", alarm).inputs["threshold"] != threshold


def test_how_long_nothing_may_move_is_a_setting_too(changed: Recorder) -> None:
    inputs = changed.one("MetricAlarm", "nothing-flows").inputs
    assert (inputs["evaluationPeriods"], inputs["datapointsToAlarm"]) == (6, 6)


def test_the_alarm_on_duration_can_be_reached_before_the_function_times_out(
    deploy: Deploy, dev: Recorder
) -> None:
    long = deploy("dev", collageTimeoutS=900)
    assert dev.one("MetricAlarm", "collage-duration").inputs["threshold"] == 108_000
    assert long.one("MetricAlarm", "collage-duration").inputs["threshold"] == 600_000


def test_the_dashboard_is_the_one_of_these_names_and_alarms(dev: Recorder) -> None:
    (dashboard,) = dev.all("Dashboard")
    assert dashboard.inputs["dashboardName"] == "coverstream-dev"
    arns = [f"arn:MetricAlarm:{name}" for name in ALARMS]
    body = json.loads(dashboard.inputs["dashboardBody"])
    limited = dataclasses.replace(RESOURCES, concurrency_limit=1_000)
    assert body == dashboard_body(limited, THRESHOLDS, arns)


@pytest.mark.parametrize("service", FUNCTIONS)
def test_each_function_emits_into_the_namespace_that_is_watched(
    dev: Recorder, service: str
) -> None:
    """Two stacks of one account would else raise each other's alarms."""
    variables = dev.one("Function", service).inputs["environment"]["variables"]
    assert variables["COVERSTREAM_METRICS_NAMESPACE"] == RESOURCES.namespace == "Coverstream/dev"


def test_concurrency_is_shown_against_the_limit_of_the_account(deploy: Deploy) -> None:
    """Accounts begin with 10; what a deployer may not read is left out."""

    def marks(recorder: Recorder) -> list[Any]:
        body = recorder.one("Dashboard", "monitoring").document("dashboardBody")
        (chart,) = (
            widget["properties"]
            for widget in body["widgets"]
            if widget["properties"].get("title") == "Concurrent executions"
        )
        assert len(chart["metrics"]) == len(FUNCTIONS) + 1
        return chart.get("annotations", {}).get("horizontal", [])

    every = {"photos": True, "photosCdn": True, "photosUploadLinks": True}
    unreserved = {**every, "photosUploadLinksConcurrency": 0}
    known = Recorder(answers={"getServiceQuota": {"value": 77.0}})
    assert [mark["value"] for mark in marks(deploy("dev", known, **unreserved))] == [77]
    unknown = Recorder(refused=frozenset({"getServiceQuota"}))
    assert marks(deploy("dev", unknown, **every)) == []
