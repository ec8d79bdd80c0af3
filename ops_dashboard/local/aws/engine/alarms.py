"""Creates SNS topics, CloudWatch alarms and dashboards. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.local.aws.bridge import alarm_store
from ops_dashboard.local.aws.bridge.alarm_rules import Definition
from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine.inputs import Inputs
from ops_dashboard.monitoring.metric_lines import Query

Created = tuple[str, dict[str, Any]]
_ABOVE = "GreaterThanThreshold"
"""The one comparison that `ops_dashboard.local.aws.bridge.alarm_rules` knows."""
_ONE_PERIOD = "metrics of one period"


def _topic(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("name")
    arn = clients.untyped("sns").create_topic(Name=name)["TopicArn"]
    return arn, {"name": name, "arn": arn}


def _alarm(clients: Clients, inputs: Inputs) -> Created:
    """Create an alarm that ministack leaves alone, and keep what it watches (`alarm_store`)."""
    name = inputs.text("name")
    period_s, queries = _watched(inputs)
    definition = Definition(
        name=name,
        queries=queries,
        threshold=inputs.number("threshold"),
        period_s=period_s,
        periods=inputs.number("evaluationPeriods"),
        breaching=inputs.number("datapointsToAlarm"),
        missing=inputs.text("treatMissingData"),
    )
    operator = inputs.text("comparisonOperator")
    if operator != _ABOVE:
        error = inputs.wrong("comparisonOperator", _ABOVE)
        raise error
    cloudwatch = clients.untyped("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        AlarmDescription=inputs.text("alarmDescription"),
        Metrics=queries,
        EvaluationPeriods=definition.periods,
        DatapointsToAlarm=definition.breaching,
        ComparisonOperator=operator,
        Threshold=definition.threshold,
        TreatMissingData=definition.missing,
        AlarmActions=inputs.texts("alarmActions"),
        OKActions=inputs.texts("okActions"),
    )
    alarm_store.keep(clients, definition)
    found = cloudwatch.describe_alarms(AlarmNames=[name])
    return name, {"name": name, "arn": found["MetricAlarms"][0]["AlarmArn"]}


def _watched(inputs: Inputs) -> tuple[int, list[Query]]:
    """Return an alarm's period in seconds, and its metric or expression as queries."""
    blocks = inputs.blocks("metricQueries")
    if not blocks:
        return inputs.number("period"), [_metric("watched", inputs, inputs.text("statistic"))]
    queries, periods = [], set()
    for block in blocks:
        shown = {"Label": block.text("label"), "ReturnData": block.flag("returnData")}
        metric = block.block("metric")
        if metric is None:
            expression = block.text("expression")
            queries.append({"Id": block.text("id"), "Expression": expression, **shown})
        else:
            periods.add(metric.number("period"))
            queries.append(_metric(block.text("id"), metric, metric.text("stat")) | shown)
    if len(periods) != 1:
        error = inputs.wrong("metricQueries", _ONE_PERIOD)
        raise error
    return periods.pop(), queries


def _metric(id_: str, inputs: Inputs, stat: str) -> Query:
    dimensions = inputs.map("dimensions")
    return {
        "Id": id_,
        "Label": id_,
        "ReturnData": True,
        "MetricStat": {
            "Metric": {
                "Namespace": inputs.text("namespace"),
                "MetricName": inputs.text("metricName"),
                "Dimensions": [
                    {"Name": key, "Value": dimensions[key]} for key in sorted(dimensions)
                ],
            },
            "Period": inputs.number("period"),
            "Stat": stat,
        },
    }


def _dashboard(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("dashboardName")
    body = inputs.document("dashboardBody")
    clients.untyped("cloudwatch").put_dashboard(DashboardName=name, DashboardBody=body)
    return name, {"dashboardName": name}


CREATE = {
    "aws:sns/topic:Topic": _topic,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:cloudwatch/dashboard:Dashboard": _dashboard,
}
