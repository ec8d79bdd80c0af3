"""Creates SNS topics and CloudWatch alarms. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.local.clients import Clients
from ops_dashboard.local.engine.inputs import Inputs

Created = tuple[str, dict[str, Any]]


def _topic(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("name")
    arn = clients.untyped("sns").create_topic(Name=name)["TopicArn"]
    return arn, {"name": name, "arn": arn}


def _alarm(clients: Clients, inputs: Inputs) -> Created:
    name = inputs.text("name")
    dimensions = inputs.map("dimensions")
    clients.untyped("cloudwatch").put_metric_alarm(
        AlarmName=name,
        AlarmDescription=inputs.text("alarmDescription"),
        Namespace=inputs.text("namespace"),
        MetricName=inputs.text("metricName"),
        Dimensions=[{"Name": key, "Value": dimensions[key]} for key in sorted(dimensions)],
        Statistic=inputs.text("statistic"),
        Period=inputs.number("period"),
        EvaluationPeriods=inputs.number("evaluationPeriods"),
        ComparisonOperator=inputs.text("comparisonOperator"),
        Threshold=inputs.number("threshold"),
        TreatMissingData=inputs.text("treatMissingData"),
        AlarmActions=inputs.texts("alarmActions"),
        OKActions=inputs.texts("okActions"),
    )
    found = clients.untyped("cloudwatch").describe_alarms(AlarmNames=[name])
    return name, {"name": name, "arn": found["MetricAlarms"][0]["AlarmArn"]}


CREATE = {
    "aws:sns/topic:Topic": _topic,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
}
