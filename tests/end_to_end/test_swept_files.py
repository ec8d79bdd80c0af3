"""A file whose event is lost becomes a batch all the same, once."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from ops_dashboard.local.samples.video_row import csv_bytes
from stream_ingest.intake.jobs import CSV_FOLDER, job_of
from stream_ingest.intake.unread.unread_files import EVERY_S
from stream_ingest.intake.uploads import Upload, announce
from tests.end_to_end.batch_differences import differences
from tests.end_to_end.faulty_stack import FaultyStack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


class Dropped(NamedTuple):
    """A file below ``csv-files/`` and its batch."""

    key: str
    batch_id: str
    upload: Upload


def drop(stack: FaultyStack, name: str, data: bytes) -> Dropped:
    s3, bucket, key = stack.aws.clients.s3, stack.outputs.input_bucket, f"{CSV_FOLDER}{name}.csv"
    put = s3.put_object(Bucket=bucket, Key=key, Body=data)
    upload = Upload(bucket=bucket, key=key, etag=put["ETag"].strip('"'), version=put["VersionId"])
    job = job_of(upload, is_own=True)
    assert job is not None
    return Dropped(key, job.batch_id, upload)


def is_sent(stack: FaultyStack, batch_id: str) -> bool:
    found = stack.aws.clients.dynamodb.get_item(
        TableName=stack.outputs.table_name,
        Key={"creator_name": {"S": f"batch#{batch_id}"}, "item": {"S": "batch"}},
    ).get("Item", {})
    return found.get("status", {}).get("S", "sending") != "sending"


def moved(stack: FaultyStack, dropped: Dropped) -> list[bool]:
    """Return for each copy of a file whether it is where it should be."""
    found = stack.aws.clients.s3.list_objects_v2(Bucket=stack.outputs.input_bucket)
    name = dropped.key.removeprefix(CSV_FOLDER)
    return [
        each["Key"].startswith("archived/processed/")
        for each in found.get("Contents", [])
        if each["Key"].endswith(f"/{name}")
    ]


def waiting(stack: FaultyStack) -> int:
    """Return how many messages the intake's queue has."""
    found = stack.aws.clients.sqs.get_queue_attributes(
        QueueUrl=stack.outputs.request_queue_url, AttributeNames=["All"]
    )["Attributes"]
    return sum(
        int(found[f"ApproximateNumberOfMessages{kind}"]) for kind in ("", "NotVisible", "Delayed")
    )


def test_a_file_whose_event_is_lost_is_found_by_the_sweeper_and_read_exactly_once(
    stack: FaultyStack,
) -> None:
    """S3's event arrives all the same, when the file was read; it changes nothing."""
    name = "event-is-lost"
    sample = stack.sample(name)
    rule: dict[str, Any] = {"Name": "coverstream-dev-csv-uploaded", "EventBusName": "default"}
    events = stack.aws.clients.events
    stack.sweep()  # the search of the first sweep is over
    events.disable_rule(**rule)
    try:
        dropped = drop(stack, name, csv_bytes(sample.rows))
        stack.sweep()
        assert waiting(stack) == 0  # too young, and the next search is due in an hour
    finally:
        events.enable_rule(**rule)
    stack.faults.set_clock(EVERY_S + 60)

    def found() -> bool:
        stack.sweep()
        return is_sent(stack, dropped.batch_id)

    stack.wait(found, "nobody found the file")
    stack.sweep_until_ended(dropped.batch_id)
    assert differences(stack, sample, dropped.batch_id) == []
    assert moved(stack, dropped) == [True]
    event = announce(dropped.upload)
    stack.aws.clients.sqs.send_message(
        QueueUrl=stack.outputs.request_queue_url, MessageBody=json.dumps(event)
    )
    stack.wait(lambda: waiting(stack) == 0, "S3's own event is not handled")
    assert "not needed" in stack.log("intake")
    stack.sweep()
    assert differences(stack, sample, dropped.batch_id) == []
    assert moved(stack, dropped) == [True]
