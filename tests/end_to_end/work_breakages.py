"""What is wrong with the alarms, the notifications and the work of a stack; each is undone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from stream_ingest.aws.items import to_wire
from stream_ingest.batches.batch_item import new_item
from stream_ingest.contracts.errors import UnreadableItemError
from stream_ingest.intake.job_item import new_item as new_job
from stream_ingest.intake.jobs import Job, ObjectId
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList
from tests.end_to_end.breakages import PREFIX, Checked
from tests.fakes.ingest.rows import NOW_S, header


@contextmanager
def raised_alarm(stack: Checked) -> Iterator[None]:
    for state in ("ALARM", "OK"):
        stack("cloudwatch").set_alarm_state(
            AlarmName=f"{PREFIX}-poison", StateValue=state, StateReason="a test"
        )
        if state == "ALARM":
            yield


@contextmanager
def silent_alarm(stack: Checked) -> Iterator[None]:
    """Remove the topic from the actions of an alarm."""
    cloudwatch = stack("cloudwatch")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[f"{PREFIX}-poison"])["MetricAlarms"]
    known = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
    request = {name: value for name, value in alarm.items() if name in known}
    cloudwatch.put_metric_alarm(**{**request, "AlarmActions": []})
    yield
    cloudwatch.put_metric_alarm(**request)
    cloudwatch.set_alarm_state(
        AlarmName=alarm["AlarmName"], StateValue=alarm["StateValue"], StateReason="as before"
    )


@contextmanager
def deleted_topic(stack: Checked) -> Iterator[None]:
    arn = stack.outputs.alarm_topic_arn
    stack("sns").delete_topic(TopicArn=arn)
    yield
    stack("sns").create_topic(Name=arn.rpartition(":")[2])
    stack("sns").subscribe(TopicArn=arn, Protocol="email", Endpoint="you@example.com")


@contextmanager
def unsubscribed(stack: Checked) -> Iterator[None]:
    sns, arn = stack("sns"), stack.outputs.alarm_topic_arn.replace("-alarms", "-notices")
    (found,) = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    sns.unsubscribe(SubscriptionArn=found["SubscriptionArn"])
    yield
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint=found["Endpoint"])


@contextmanager
def lost_batch(stack: Checked) -> Iterator[None]:
    item = to_wire(new_item(header("lost-push"), None, (), "a push", NOW_S - 10 * 86_400))
    stack("dynamodb").put_item(TableName=stack.outputs.table_name, Item=item)
    yield
    key = {name: item[name] for name in ("creator_name", "item")}
    stack("dynamodb").delete_item(TableName=stack.outputs.table_name, Key=key)


@contextmanager
def stopped_job(stack: Checked) -> Iterator[None]:
    """A job that nobody has claimed since long ago, and no message that continues it."""
    began_s = NOW_S - 10 * 86_400
    job = Job(
        object=ObjectId(bucket=stack.outputs.input_bucket, key="uploads/a.csv", etag="e"),
        header=header("stopped"),
        moves=False,
    )
    items = (
        to_wire(new_item(job.header, job.object.uri, (), job.owner, began_s)),
        to_wire(new_job(job, "a message", 0, began_s)),
    )
    dynamodb, name = stack("dynamodb"), stack.outputs.table_name
    for item in items:
        dynamodb.put_item(TableName=name, Item=item)
    yield
    for item in items:
        key = {each: item[each] for each in ("creator_name", "item")}
        dynamodb.delete_item(TableName=name, Key=key)


@contextmanager
def unreadable_item(stack: Checked) -> Iterator[None]:
    listed = UnreadableList(stack.aws.clients.dynamodb, stack.outputs.table_name, time.time)
    listed.add(UnreadableItemError("charli", "state", "of a newer release"))
    yield
    for entry in listed.entries():
        listed.remove(entry)


@contextmanager
def dead_letter(stack: Checked) -> Iterator[None]:
    url = stack.outputs.dead_letter_urls["intake"]
    stack("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"a": "message"}))
    yield
    stack("sqs").purge_queue(QueueUrl=url)


@contextmanager
def lost_notification(stack: Checked) -> Iterator[None]:
    url = stack.outputs.notification_dead_letters_url
    stack("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"a": "message"}))
    yield
    stack("sqs").purge_queue(QueueUrl=url)


@contextmanager
def discarded_delivery(stack: Checked) -> Iterator[None]:
    """Leave a delivery where `failureBucket` does not point any more."""
    place = {"Bucket": stack.outputs.temp_bucket, "Key": "aws/lambda/uuid/shard/2026/11/29/x"}
    stack("s3").put_object(**place, Body=b"{}")
    yield
    stack("s3").delete_object(**place)
