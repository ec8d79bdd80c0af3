"""An alarm from the line that a deployed function prints to the message that a person gets.

ministack neither takes EMF apart nor evaluates alarms as CloudWatch does, so the way goes through
the local stack's own bridge; the SNS topic, its subscription and the alarm's actions are as
deployed. That the same names are watched on AWS is shown by
tests/ops_dashboard/monitoring/test_emitted.py.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ops_dashboard.local.aws.bridge.metrics_bridge import MetricsBridge
from tests.end_to_end.pipeline import Pipeline

POISON = "coverstream-dev-poison"
PATIENCE_S = 60


@pytest.fixture
def inbox(pipeline: Pipeline) -> Iterator[str]:
    """A queue that is subscribed to the topic of alarms."""
    sqs, sns = pipeline.aws.clients.sqs, pipeline.aws.clients.untyped("sns")
    url = sqs.create_queue(QueueName="alarm-inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    subscription = sns.subscribe(
        TopicArn=pipeline.outputs.alarm_topic_arn, Protocol="sqs", Endpoint=arn["QueueArn"]
    )
    yield url
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    sqs.delete_queue(QueueUrl=url)


def state(pipeline: Pipeline, name: str) -> str:
    cloudwatch = pipeline.aws.clients.untyped("cloudwatch")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(alarm["StateValue"])


def notifications(pipeline: Pipeline, inbox: str, name: str) -> list[tuple[str, str]]:
    """Return the state changes of an alarm of which messages are in the inbox, oldest first."""
    changes: list[tuple[str, str]] = []
    while True:
        answer = pipeline.aws.clients.sqs.receive_message(
            QueueUrl=inbox, MaxNumberOfMessages=10, WaitTimeSeconds=1
        )
        if not answer.get("Messages"):
            return changes
        for message in answer["Messages"]:
            pipeline.aws.clients.sqs.delete_message(
                QueueUrl=inbox, ReceiptHandle=message["ReceiptHandle"]
            )
            said: dict[str, Any] = json.loads(json.loads(message["Body"])["Message"])
            if said["AlarmName"] == name:
                changes.append((said["OldStateValue"], said["NewStateValue"]))


def test_poison_raises_its_alarm_and_people_are_notified_of_it_and_of_its_end(
    pipeline: Pipeline, inbox: str
) -> None:
    bridge = MetricsBridge(pipeline.aws.clients, pipeline.outputs)
    bridge.step(time.time())
    bridge.update_alarms(time.time() + 3_600)  # whatever other tests have raised is over by then
    assert state(pipeline, POISON) == "OK"
    notifications(pipeline, inbox, POISON)

    pipeline.aws.clients.kinesis.put_record(
        StreamName=pipeline.outputs.stream_name, Data=b"no record of ours", PartitionKey="0"
    )
    deadline = time.monotonic() + PATIENCE_S
    changes: list[tuple[str, str]] = []
    while not changes and time.monotonic() < deadline:
        bridge.step(time.time())
        changes = notifications(pipeline, inbox, POISON)
    assert changes == [("OK", "ALARM")]
    assert state(pipeline, POISON) == "ALARM"

    bridge.update_alarms(time.time() + 600)
    assert notifications(pipeline, inbox, POISON) == [("ALARM", "OK")]
    assert state(pipeline, POISON) == "OK"
