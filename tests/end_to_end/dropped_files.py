"""Files that are dropped below ``csv-files/`` of a faulty stack, and what becomes of them."""

from __future__ import annotations

from typing import NamedTuple

from stream_ingest.intake.jobs import CSV_FOLDER, job_of
from stream_ingest.intake.uploads import Upload
from tests.end_to_end.faulty_stack import FaultyStack


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
