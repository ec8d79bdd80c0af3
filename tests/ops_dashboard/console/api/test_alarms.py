from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ops_dashboard.console.account import Account
from ops_dashboard.local.aws.bridge.alarm_rules import AlarmDefinition
from ops_dashboard.monitoring.widgets import Widget, alarm_status, rows, text
from tests.ops_dashboard.console.running import RunningConsole

METRIC = {"Namespace": "N", "MetricName": "behind"}
DIMENSIONS = [{"Name": "StreamName", "Value": "s"}]


def put_alarm(account: Account, name: str, state: str, **watched: Any) -> str:  # noqa: ANN401 - any side of an alarm
    """Create an alarm of the stack; return its ARN."""
    full, cloudwatch = f"{account.outputs.dashboard_name}-{name}", account.cloudwatch
    simple = METRIC | {"Dimensions": DIMENSIONS, "Statistic": "Maximum", "Period": 300}
    cloudwatch.put_metric_alarm(
        AlarmName=full,
        AlarmDescription=f"What {name} means",
        EvaluationPeriods=1,
        Threshold=7,
        ComparisonOperator="GreaterThanThreshold",
        **(watched or simple),
    )
    cloudwatch.set_alarm_state(AlarmName=full, StateValue=state, StateReason="8 > 7")
    return f"arn:aws:cloudwatch:us-east-1:1:alarm:{full}"


def put_dashboard(account: Account, *widgets: Widget) -> None:
    account.cloudwatch.put_dashboard(
        DashboardName=account.outputs.dashboard_name,
        DashboardBody=msgspec.json.encode({"widgets": rows([[each] for each in widgets])}).decode(),
    )


@pytest.fixture
def deployed(account: Account) -> None:
    """Three alarms, the newest value of a metric, and a dashboard that shows both."""
    arns = [
        put_alarm(account, "poison", "OK"),
        put_alarm(account, "iterator-age", "ALARM"),
        put_alarm(account, "cost", "INSUFFICIENT_DATA"),
    ]
    put_alarm(account, "of-another-stack", "ALARM")
    chart = {
        "type": "metric",
        "width": 8,
        "height": 6,
        "properties": {
            "title": "Iterator age",
            "period": 60,
            "metrics": [
                ["N", "behind", "StreamName", "s", {"id": "a", "label": "x", "stat": "p99"}]
            ],
            "yAxis": {"left": {"label": "milliseconds"}},
        },
    }
    put_dashboard(account, text("# Hello"), alarm_status("Alarms", arns), chart)
    account.cloudwatch.put_metric_data(
        Namespace="N",
        MetricData=[
            {
                "MetricName": "behind",
                "Dimensions": DIMENSIONS,  # type: ignore[typeddict-item]  # as in an alarm
                "Timestamp": datetime.now(UTC) - timedelta(minutes=20),
                "Value": 9.0,
            }
        ],
    )


@pytest.mark.usefixtures("deployed")
def test_the_alarms_of_the_dashboard_are_listed_raised_ones_first(console: RunningConsole) -> None:
    alarms = console.get("/api/alarms").json["alarms"]
    assert [(each["name"], each["state"]) for each in alarms] == [
        ("iterator-age", "ALARM"),
        ("cost", "INSUFFICIENT_DATA"),
        ("poison", "OK"),
    ]
    assert (alarms[0]["meaning"], alarms[0]["why"]) == ("What iterator-age means", "8 > 7")


@pytest.mark.usefixtures("deployed")
def test_all_pages_together_read_the_alarms_once(
    account: Account, console: RunningConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[object] = []
    describe = account.cloudwatch.describe_alarms

    def count(**parameters: Any) -> object:  # noqa: ANN401 - as boto3 has them
        calls.append(parameters)
        return describe(**parameters)

    monkeypatch.setattr(account.cloudwatch, "describe_alarms", count)
    for _ in range(5):
        assert console.get("/api/alarms").status == 200
    assert len(calls) == 1


def test_the_runbook_is_there_while_aws_is_not(console: RunningConsole) -> None:
    assert console.get("/api/alarms").status == 502  # there is no dashboard
    steps = console.get("/api/alarms/iterator-age").json["steps"]
    assert [step["label"] for step in steps] == ["Means", "Look at", "Do"]


@pytest.mark.usefixtures("deployed")
def test_the_chart_has_the_alarms_periods_its_threshold_and_the_dashboards_unit(
    console: RunningConsole,
) -> None:
    chart = console.get("/api/alarms/iterator-age/chart").json
    assert (chart["title"], chart["unit"], chart["period"]) == ("Iterator age", "milliseconds", 300)
    assert [each["value"] for each in chart["annotations"]] == [7]
    ((moment, value),) = chart["lines"][0]["points"]
    assert value == 9.0
    assert moment % 300 == chart["end"] % 300 == 0
    assert chart["end"] - chart["start"] == 36 * 300


def test_the_chart_of_a_rate_is_in_percent(account: Account, console: RunningConsole) -> None:
    metric = {"Metric": {**METRIC, "Dimensions": DIMENSIONS}, "Period": 300, "Stat": "Sum"}
    queries = [
        {"Id": "a", "MetricStat": metric, "ReturnData": False},
        {"Id": "rate", "Label": "errors %", "Expression": "a * 100", "ReturnData": True},
    ]
    arn = put_alarm(account, "collage-errors", "ALARM", Metrics=queries)
    put_dashboard(account, alarm_status("Alarms", [arn]))
    chart = console.get("/api/alarms/collage-errors/chart").json
    assert (chart["unit"], chart["lines"][0]["label"]) == ("percent", "errors %")


def test_an_alarm_of_the_embedded_aws_is_drawn_from_its_stored_definition(
    account: Account, console: RunningConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = put_alarm(account, "poison", "ALARM")
    name = arn.rpartition(":")[2]
    put_dashboard(account, alarm_status("Alarms", [arn]))
    monkeypatch.setattr(
        account.cloudwatch,
        "describe_alarms",
        lambda **_: {"MetricAlarms": [{"AlarmName": name, "StateValue": "ALARM"}]},
    )
    stat = {"Metric": {**METRIC, "Dimensions": DIMENSIONS}, "Period": 60, "Stat": "Sum"}
    definition = AlarmDefinition(
        name=name,
        queries=[{"Id": "a", "Label": "poison", "ReturnData": True, "MetricStat": stat}],
        threshold=3,
        period_s=60,
        periods=1,
        breaching=1,
        missing="missing",
    )
    value = msgspec.json.encode(definition).decode()
    account.ssm.put_parameter(Name=f"/ministack/alarms/{name}", Value=value, Type="String")
    chart = console.get("/api/alarms/poison/chart").json
    assert (chart["period"], chart["annotations"][0]["value"]) == (60, 3)


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize("path", ["/api/alarms/none", "/api/alarms/none/chart"])
def test_an_unknown_alarm_is_not_found(console: RunningConsole, path: str) -> None:
    answer = console.get(path)
    assert (answer.status, answer.json["error"]) == (404, "there is no alarm 'none'")
