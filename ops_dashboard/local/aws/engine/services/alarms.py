"""Creates SNS topics, CloudWatch alarms and dashboards. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.local.aws.bridge import alarm_store
from ops_dashboard.local.aws.bridge.alarm_rules import AlarmDefinition
from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine.inputs import Inputs
from ops_dashboard.monitoring.metric_lines import Query

Created = tuple[str, dict[str, Any]]
_ABOVE = "GreaterThanThreshold"
"""The only comparison that `ops_dashboard.local.aws.bridge.alarm_rules` supports."""
_ONE_PERIOD = "metrics of one period"


def _topic(clients: Clients, inputs: Inputs) -> Created:
    name, sns = inputs.text("name"), clients.untyped("sns")
    arn = sns.create_topic(Name=name)["TopicArn"]
    sns.set_topic_attributes(
        TopicArn=arn,
        AttributeName="KmsMasterKeyId",
        AttributeValue=inputs.text_or_none("kmsMasterKeyId") or "",
    )
    return arn, {"name": name, "arn": arn}


def _topic_policy(clients: Clients, inputs: Inputs) -> Created:
    arn = inputs.text("arn")
    clients.untyped("sns").set_topic_attributes(
        TopicArn=arn, AttributeName="Policy", AttributeValue=inputs.document("policy")
    )
    return arn, {"arn": arn}


def _subscription(clients: Clients, inputs: Inputs) -> Created:
    answer = clients.untyped("sns").subscribe(
        TopicArn=inputs.text("topic"),
        Protocol=inputs.text("protocol"),
        Endpoint=inputs.text("endpoint"),
        ReturnSubscriptionArn=True,
    )
    return answer["SubscriptionArn"], {"arn": answer["SubscriptionArn"]}


def _alarm(clients: Clients, inputs: Inputs) -> Created:
    """Create an alarm, and store its queries for the bridge, which evaluates it (`alarm_store`)."""
    name = inputs.text("name")
    period_s, queries = _period_and_queries(inputs)
    definition = AlarmDefinition(
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
        raise inputs.invalid(name="comparisonOperator", expected=_ABOVE)
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
        InsufficientDataActions=inputs.texts("insufficientDataActions"),
    )
    alarm_store.save(clients, definition)
    found = cloudwatch.describe_alarms(AlarmNames=[name])
    return name, {"name": name, "arn": found["MetricAlarms"][0]["AlarmArn"]}


def _period_and_queries(inputs: Inputs) -> tuple[int, list[Query]]:
    """Return an alarm's period in seconds, and its metric or expression as queries."""
    blocks = inputs.blocks("metricQueries")
    if not blocks:
        return inputs.number("period"), [_metric("watched", inputs, inputs.text("statistic"))]
    queries, periods = [], set()
    for block in blocks:
        options = {"Label": block.text("label"), "ReturnData": block.flag("returnData")}
        metric = block.block("metric")
        if metric is None:
            expression = block.text("expression")
            queries.append({"Id": block.text("id"), "Expression": expression, **options})
        else:
            periods.add(metric.number("period"))
            queries.append(_metric(block.text("id"), metric, metric.text("stat")) | options)
    if len(periods) != 1:
        raise inputs.invalid(name="metricQueries", expected=_ONE_PERIOD)
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
    "aws:sns/topicPolicy:TopicPolicy": _topic_policy,
    "aws:sns/topicSubscription:TopicSubscription": _subscription,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "aws:cloudwatch/dashboard:Dashboard": _dashboard,
}
