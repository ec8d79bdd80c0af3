from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.chart_range import custom_range
from ops_dashboard.console.api.dashboard_body import dashboard_widgets
from ops_dashboard.console.api.overview import Overview
from ops_dashboard.monitoring.metric_lines import Line
from ops_dashboard.monitoring.widgets import alarm_status, chart, number, rows, text
from stream_ingest.contracts.stack_outputs import parameter_name
from tests.ops_dashboard.console.running import RunningConsole


def line(name: str) -> Line:
    return Line(id="a", label=name, namespace="N", metric=name, dimensions={"service": "x"})


@pytest.fixture
def deployed(account: Account) -> None:
    """A dashboard whose widgets use one id for different metrics; data of two minutes ago."""
    cloudwatch = account.cloudwatch
    widgets = rows(
        [
            [text("# Hello")],
            [alarm_status("Alarms", ["arn:aws:cloudwatch:us-east-1:1:alarm:too-much"])],
            [number("Figure", [line("one")], "us-east-1")],
            [chart("Chart", [line("two")], "us-east-1", unit="a minute")],
        ]
    )
    cloudwatch.put_dashboard(
        DashboardName=account.outputs.dashboard_name,
        DashboardBody=msgspec.json.encode({"widgets": widgets}).decode(),
    )
    moment = datetime.now(UTC) - timedelta(minutes=2)
    for name, value in (("one", 3.0), ("two", 4.0)):
        cloudwatch.put_metric_data(
            Namespace="N",
            MetricData=[
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": "service", "Value": "x"}],
                    "Timestamp": moment,
                    "Value": value,
                }
            ],
        )


@pytest.mark.usefixtures("deployed")
def test_the_overview_is_the_cloudwatch_dashboard_with_its_data(
    console: RunningConsole,
) -> None:
    now: dict[str, Any] = console.get("/api/dashboard").json
    assert [widget["kind"] for widget in now["widgets"]] == ["text", "alarms", "figure", "chart"]
    figure, drawn = now["widgets"][2:]
    assert figure["value"] == 3.0
    assert [value for _, value in drawn["lines"][0]["points"]] == [4.0]
    assert now["end"] - now["start"] == 3_600
    assert now["notice"] is None


@pytest.mark.usefixtures("deployed")
def test_a_range_of_seven_days_has_hourly_points(console: RunningConsole) -> None:
    now = console.get("/api/dashboard?range=7d").json
    assert now["end"] - now["start"] == 7 * 86_400
    assert {each["period"] for each in now["widgets"] if each["kind"] == "chart"} == {3_600}


@pytest.mark.usefixtures("deployed")
def test_a_custom_range_is_from_one_time_to_another(console: RunningConsole) -> None:
    end = int(datetime.now(UTC).timestamp()) // 60 * 60
    now = console.get(f"/api/dashboard?from={end - 600}&to={end}").json
    assert (now["start"], now["end"], now["is_running"]) == (end - 600, end, False)
    assert [value for _, value in now["widgets"][-1]["lines"][0]["points"]] == [4.0]
    earlier = console.get(f"/api/dashboard?from={end - 86_400}&to={end - 80_000}").json
    assert earlier["widgets"][-1]["lines"][0]["points"] == []


@pytest.mark.usefixtures("deployed")
def test_only_so_many_custom_ranges_are_remembered(account: Account) -> None:
    overview = Overview(account, dashboard_widgets(account))
    now = datetime.now(UTC)
    for minutes in range(10, 100):
        query = {"from": str(int(now.timestamp()) - 60 * minutes), "to": str(int(now.timestamp()))}
        overview.cached(custom_range(query, now))
    assert len(overview.custom) == 16


def test_an_unknown_range_is_a_bad_request(console: RunningConsole) -> None:
    assert console.get("/api/dashboard?range=1y").status == 400


@pytest.mark.usefixtures("deployed")
def test_a_stack_that_another_release_deployed_meanwhile_is_noted(
    account: Account, console: RunningConsole
) -> None:
    outputs = msgspec.structs.replace(account.outputs, level=9, oldest_commands=9)
    account.ssm.put_parameter(
        Name=parameter_name("test"),
        Value=msgspec.json.encode(outputs).decode(),
        Overwrite=True,
    )
    now: dict[str, Any] = console.get("/api/dashboard").json
    assert now["notice"] == (
        "stack 'test' runs contract level 9 (release 0.1.0) and needs commands of contract level"
        " 9; this command has 1: update it"
    )


def test_a_missing_dashboard_is_reported(console: RunningConsole) -> None:
    answer = console.get("/api/dashboard")
    assert answer.status == 502
    assert "does not exist" in answer.json["error"]


@pytest.mark.usefixtures("deployed")
def test_a_metric_of_several_charts_is_read_once(
    account: Account, console: RunningConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS bills each metric that is read."""
    twice = [chart(title, [line("two")], "r", unit="a minute") for title in ("One", "Two")]
    account.cloudwatch.put_dashboard(
        DashboardName=account.outputs.dashboard_name,
        DashboardBody=msgspec.json.encode({"widgets": rows([twice])}).decode(),
    )
    read: list[int] = []
    paginator = account.cloudwatch.get_paginator

    def count(name: str) -> object:
        pages = paginator(name)  # type: ignore[call-overload]  # by name
        paginate = pages.paginate

        def counted(**parameters: Any) -> object:  # noqa: ANN401 - as boto3 has them
            read.append(len(parameters["MetricDataQueries"]))
            return paginate(**parameters)

        monkeypatch.setattr(pages, "paginate", counted)
        return pages

    monkeypatch.setattr(account.cloudwatch, "get_paginator", count)
    widgets = console.get("/api/dashboard").json["widgets"]
    assert [[value for _, value in each["lines"][0]["points"]] for each in widgets] == [
        [4.0],
        [4.0],
    ]
    assert read == [1]
