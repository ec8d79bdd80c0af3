"""The metrics bridge on a deployed stack.

As a separate process it is tested with ``local up``, in ``test_command.py``.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ops_dashboard.local.aws.bridge import alarm_store
from ops_dashboard.local.aws.bridge.metrics_bridge import MetricsBridge
from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.monitoring.alarms import alarms
from ops_dashboard.monitoring.chart_lines import ChartLine
from ops_dashboard.monitoring.metric_data import read_lines
from ops_dashboard.monitoring.metric_lines import metric_queries
from ops_dashboard.monitoring.stages import errors_query
from tests.fakes.ingest.delivery import kinesis_event
from tests.fakes.ops.watched_resources import THRESHOLDS, WITHOUT_PHOTOS

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 60


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def widget(aws: LocalAws, title: str) -> dict[str, Any]:
    """Return a widget of the dashboard that is deployed."""
    name = aws.outputs().dashboard_name
    body = aws.clients.untyped("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"]
    widgets = json.loads(body)["widgets"]
    (found,) = [each for each in widgets if each["properties"].get("title") == title]
    return dict(found)


def drawn(aws: LocalAws, title: str) -> dict[str, ChartLine]:
    now = datetime.now(UTC)
    lines = read_lines(
        aws.clients.untyped("cloudwatch"),
        metric_queries(widget(aws, title)),
        now - timedelta(hours=1),
        now + timedelta(minutes=1),
    )
    return {line.label: line for line in lines}


def total(line: ChartLine) -> float:
    return sum(line.points.values())


@pytest.fixture(scope="module")
def bridge(local_aws: LocalAws) -> MetricsBridge:
    return MetricsBridge(local_aws.clients, local_aws.outputs())


def test_the_engine_stores_the_queries_of_every_alarm(local_aws: LocalAws) -> None:
    stored = {each.name.removeprefix("coverstream-dev-"): each for each in alarm_store.load(
        local_aws.clients
    )}  # fmt: skip
    expected = alarms(WITHOUT_PHOTOS, THRESHOLDS)
    assert {name: stored[name].threshold for name in stored} == {
        name: alarm.above for name, alarm in expected.items()
    }
    assert stored["nothing-flows"].missing == "missing"
    assert stored["image-failures"].breaching == 2
    assert len(stored["cost"].queries) == 11


def test_an_incoming_record_is_counted_once(local_aws: LocalAws, bridge: MetricsBridge) -> None:
    bridge.step(time.time())
    before = total(drawn(local_aws, "Quarantined, abandoned, unreadable")["records quarantined"])
    local_aws.clients.kinesis.put_record(
        StreamName=local_aws.outputs().stream_name, Data=b"no record", PartitionKey="0"
    )

    def is_there() -> bool:
        bridge.step(time.time())
        lines = drawn(local_aws, "Quarantined, abandoned, unreadable")
        return total(lines["records quarantined"]) > before

    wait_until(is_there)
    bridge.step(time.time())
    lines = drawn(local_aws, "Quarantined, abandoned, unreadable")
    assert total(lines["records quarantined"]) == before + 1
    assert total(drawn(local_aws, "Into the stream")["records"]) >= 1
    assert drawn(local_aws, "Windowing duration")["p99"].points
    assert drawn(local_aws, "Queue depth")["waiting"].points


def test_a_bridge_continues_where_the_last_one_stopped(
    local_aws: LocalAws, bridge: MetricsBridge
) -> None:
    """Else each run with the same persistent state would count everything again."""
    bridge.step(time.time())
    charts = ("Windowing duration", "Into the stream")
    before = [drawn(local_aws, chart) for chart in charts]
    MetricsBridge(local_aws.clients, local_aws.outputs()).step(time.time())
    assert [drawn(local_aws, chart) for chart in charts] == before


def test_the_depth_of_the_queue_does_not_raise_the_dead_letter_alarm(
    local_aws: LocalAws, bridge: MetricsBridge
) -> None:
    """Ministack's evaluation ignores dimensions, so it would mix up the queues."""
    cloudwatch = local_aws.clients.untyped("cloudwatch")
    cloudwatch.put_metric_data(
        Namespace="AWS/SQS",
        MetricData=[
            {
                "MetricName": "ApproximateNumberOfMessagesVisible",
                "Dimensions": [{"Name": "QueueName", "Value": "coverstream-dev-collage"}],
                "Value": 1_000,
            }
        ],
    )
    bridge.update_alarms(time.time())
    names = [f"coverstream-dev-{kind}-dead-letters" for kind in WITHOUT_PHOTOS.dead_letters]
    found = cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]
    assert [alarm["StateValue"] for alarm in found] == ["OK"] * len(names)


def test_the_query_of_the_latest_errors_finds_one(local_aws: LocalAws) -> None:
    outputs = local_aws.outputs()
    local_aws.clients.functions.invoke(
        FunctionName=outputs.windowing_function, Payload=json.dumps(kinesis_event([b"no record"]))
    )
    logs = local_aws.clients.untyped("logs")
    now_s = int(time.time())
    query_id = logs.start_query(
        logGroupNames=list(WITHOUT_PHOTOS.log_groups),
        # AWS finds the facts in a line of JSON by itself, ministack does not.
        queryString=errors_query().replace("fields ", "fields @message, ", 1),
        startTime=now_s - 3_600,
        endTime=now_s + 60,
    )["queryId"]
    answer: dict[str, Any] = {}

    def is_complete() -> bool:
        answer.update(logs.get_query_results(queryId=query_id))
        return bool(answer["status"] == "Complete")

    wait_until(is_complete)
    lines = [cell["value"] for row in answer["results"] for cell in row]
    assert any('"message":"record quarantined"' in line for line in lines)
