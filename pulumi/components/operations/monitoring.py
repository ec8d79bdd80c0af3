"""The dashboard, the alarms and their SNS topic. Edge (Pulumi).

What they show and watch is decided by `ops_dashboard.monitoring.dashboard` and
`ops_dashboard.monitoring.alarms`, which take plain names; here the names are Pulumi's outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws

import pulumi
from ops_dashboard.monitoring.alarm import Alarm, alarm_name
from ops_dashboard.monitoring.alarms import alarms
from ops_dashboard.monitoring.dashboard import dashboard_body
from ops_dashboard.monitoring.resources import Resources, Thresholds
from stream_ingest.contracts.metrics import Service

_PLAIN = ("region", "stream", "table", "bus", "window_rule", "queue", "intake_queue")
Names = Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True, kw_only=True)
class MonitoredNames:
    """Names of the monitored resources, as in `Resources`."""

    stream: pulumi.Input[str]
    table: pulumi.Input[str]
    bus: pulumi.Input[str]
    window_rule: pulumi.Input[str]
    queue: pulumi.Input[str]
    intake_queue: pulumi.Input[str]
    dead_letters: Names
    functions: Mapping[Service, pulumi.Input[str]]


@dataclass(frozen=True, kw_only=True)
class MonitoringArgs:
    """The monitored resources and the thresholds of their alarms."""

    prefix: str
    stack: str
    region: pulumi.Input[str]
    names: MonitoredNames
    thresholds: Thresholds
    stream_shards: int
    memory_mb: Mapping[Service, int]
    concurrency_limit: int | None = None
    key_arn: pulumi.Input[str] | None = None

    def resources(self) -> pulumi.Output[Resources]:
        """Return the `Resources` of the dashboard and the alarms, once the names are known."""
        return pulumi.Output.all(
            region=self.region,
            stream=self.names.stream,
            table=self.names.table,
            bus=self.names.bus,
            window_rule=self.names.window_rule,
            queue=self.names.queue,
            intake_queue=self.names.intake_queue,
            dead_letters=dict(self.names.dead_letters),
            functions={str(service): name for service, name in self.names.functions.items()},
        ).apply(self._known)

    def placeholder(self) -> Resources:
        """Return `Resources` with placeholder names: the set of alarms does not depend on names."""
        return self._known(
            {
                **dict.fromkeys(_PLAIN, "-"),
                "dead_letters": dict.fromkeys(self.names.dead_letters, "-"),
                "functions": {str(service): "-" for service in self.names.functions},
            }
        )

    def _known(self, names: Mapping[str, Any]) -> Resources:
        functions = {Service(key): name for key, name in names["functions"].items()}
        return Resources(
            stack=self.stack,
            stream_shards=self.stream_shards,
            memory_mb=self.memory_mb,
            concurrency_limit=self.concurrency_limit,
            **{**names, "functions": functions},
        )


class Monitoring(pulumi.ComponentResource):
    """A dashboard, an SNS topic to subscribe to, and the alarms that notify it."""

    def __init__(
        self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create the topic, its alarms, and the dashboard that shows them."""
        super().__init__("coverstream:index:Monitoring", name, None, opts)
        self._args, self._resources = args, args.resources()
        self._child = pulumi.ResourceOptions(parent=self)
        self.topic = aws.sns.Topic(
            name,
            name=f"{args.prefix}-alarms",
            # Only by the stack's own key: CloudWatch cannot use the AWS managed key of SNS.
            kms_master_key_id=args.key_arn,
            opts=self._child,
        )
        created = [
            self._alarm(alarm) for alarm in alarms(args.placeholder(), args.thresholds).values()
        ]
        arns = [alarm.arn for alarm in created]
        self.alarm_names = tuple(alarm.name for alarm in created)
        self.dashboard = aws.cloudwatch.Dashboard(
            name,
            dashboard_name=args.prefix,
            dashboard_body=pulumi.Output.json_dumps(
                pulumi.Output.all(self._resources, *arns).apply(
                    lambda known: dashboard_body(known[0], args.thresholds, known[1:])
                )
            ),
            opts=self._child,
        )
        self.register_outputs({"topic": self.topic.arn, "dashboard": self.dashboard.dashboard_name})

    def _alarm(self, alarm: Alarm) -> aws.cloudwatch.MetricAlarm:
        return aws.cloudwatch.MetricAlarm(
            alarm.name,
            name=alarm_name(self._args.prefix, alarm.name),
            alarm_description=alarm.description,
            **(self._math_alarm(alarm) if alarm.is_math else self._metric_alarm(alarm)),
            evaluation_periods=alarm.periods,
            datapoints_to_alarm=alarm.breaching,
            comparison_operator="GreaterThanThreshold",
            threshold=alarm.above,
            treat_missing_data=alarm.missing,
            alarm_actions=[self.topic.arn],
            ok_actions=[self.topic.arn],
            insufficient_data_actions=[self.topic.arn] if alarm.missing == "missing" else None,
            opts=self._child,
        )

    def _metric_alarm(self, alarm: Alarm) -> dict[str, Any]:
        (line,) = alarm.lines
        return {
            "namespace": line.namespace,
            "metric_name": line.metric,
            "dimensions": self._dimensions(alarm, 0),
            "statistic": line.stat,
            "period": alarm.period_s,
        }

    def _math_alarm(self, alarm: Alarm) -> dict[str, Any]:
        return {"metric_queries": [self._query(alarm, n) for n in range(len(alarm.lines))]}

    def _query(self, alarm: Alarm, number: int) -> aws.cloudwatch.MetricAlarmMetricQueryArgs:
        line = alarm.lines[number]
        if line.expression is not None:
            return aws.cloudwatch.MetricAlarmMetricQueryArgs(
                id=line.id, label=line.label, expression=line.expression, return_data=True
            )
        return aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id=line.id,
            label=line.label,
            return_data=False,
            metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace=line.namespace,
                metric_name=line.metric,
                dimensions=self._dimensions(alarm, number),
                period=alarm.period_s,
                stat=line.stat,
            ),
        )

    def _dimensions(self, alarm: Alarm, number: int) -> pulumi.Output[dict[str, str]]:
        """Return a line's dimensions once the names are known."""
        thresholds = self._args.thresholds
        return self._resources.apply(
            lambda known: dict(alarms(known, thresholds)[alarm.name].lines[number].dimensions)
        )
