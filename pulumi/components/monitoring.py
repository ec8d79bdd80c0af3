"""Alarms for what must not go unseen: poison, dead letters, windows that were given up on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_aws as aws

import pulumi
from stream_ingest.environment import METRICS_NAMESPACE

PERIOD_S = 300


@dataclass(frozen=True, kw_only=True)
class MonitoringArgs:
    """What is watched."""

    prefix: str
    dead_letter_names: Mapping[str, pulumi.Input[str]]
    """Names of dead-letter queues by what fills them."""
    dead_letters_max: int
    """So many messages in one of them are not yet an alarm."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """One metric, and from where on it is an alarm."""

    namespace: str
    metric: str
    dimensions: Mapping[str, pulumi.Input[str]]
    statistic: str
    above: int
    meaning: str


WINDOWING = {"service": "windowing"}
"""The dimension under which Powertools emits the windowing functions' metrics."""


class Monitoring(pulumi.ComponentResource):
    """An SNS topic that people subscribe to, and the alarms that tell it."""

    def __init__(
        self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create the topic and its alarms."""
        super().__init__("coverstream:index:Monitoring", name, None, opts)
        self._prefix = args.prefix
        self.topic = aws.sns.Topic(
            name,
            # Not encrypted: CloudWatch may not use AWS's own key for SNS; an alarm is no secret.
            name=f"{args.prefix}-alarms",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._alarm(
            "poison",
            Watched(
                namespace=METRICS_NAMESPACE,
                metric="RecordsQuarantined",
                dimensions=WINDOWING,
                statistic="Sum",
                above=0,
                meaning="Records of the stream could not be read; see failed/records/ and"
                " `ops-dashboard dlq list`.",
            ),
        )
        self._alarm(
            "windows-given-up",
            Watched(
                namespace=METRICS_NAMESPACE,
                metric="SweptWindowsGivenUp",
                dimensions=WINDOWING,
                statistic="Sum",
                above=0,
                meaning="Windows were given up on; see `ops-dashboard dlq list`, then"
                " `ops-dashboard retry --failed`.",
            ),
        )
        for filler, queue_name in args.dead_letter_names.items():
            self._alarm(
                f"{filler}-dead-letters",
                Watched(
                    namespace="AWS/SQS",
                    metric="ApproximateNumberOfMessagesVisible",
                    dimensions={"QueueName": queue_name},
                    statistic="Maximum",
                    above=args.dead_letters_max,
                    meaning="Dead letters wait; see `ops-dashboard dlq list`.",
                ),
            )
        self.register_outputs({"topic": self.topic.arn})

    def _alarm(self, name: str, watched: Watched) -> None:
        aws.cloudwatch.MetricAlarm(
            name,
            name=f"{self._prefix}-{name}",
            alarm_description=watched.meaning,
            namespace=watched.namespace,
            metric_name=watched.metric,
            dimensions=dict(watched.dimensions),
            statistic=watched.statistic,
            period=PERIOD_S,
            evaluation_periods=1,
            comparison_operator="GreaterThanThreshold",
            threshold=watched.above,
            treat_missing_data="notBreaching",
            alarm_actions=[self.topic.arn],
            ok_actions=[self.topic.arn],
            opts=pulumi.ResourceOptions(parent=self),
        )
