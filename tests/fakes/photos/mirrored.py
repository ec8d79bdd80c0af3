"""Photos of an account in memory, copied to moto, for commands that use whole AWS clients."""

from __future__ import annotations

from typing import Any

import boto3
from msgspec.structs import replace

from rendition_lambda.photo_item import OPEN, OPEN_INDEX, UPDATED_AT
from stream_ingest.contracts.stack_outputs import PhotosOutputs, StackOutputs
from tests.fakes.ops.stack_outputs import stack_outputs
from tests.fakes.photos.account import TABLE, PhotoAccount
from tests.fakes.photos.s3 import RENDITIONS, UPLOADS

REGION = "us-east-1"


def mirror(account: PhotoAccount, session: boto3.Session, keys: tuple[str, ...]) -> StackOutputs:
    """Create table, buckets and queues in moto with what the account has; return their names."""
    s3, sqs, dynamodb = (session.client(name) for name in ("s3", "sqs", "dynamodb"))
    for bucket in (UPLOADS, RENDITIONS):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=UPLOADS, VersioningConfiguration={"Status": "Enabled"})
    versions = {}
    for key in keys:
        version = account.s3.current(key)
        if version is not None:
            versions[version.id] = s3.put_object(Bucket=UPLOADS, Key=key, Body=version.body)[
                "VersionId"
            ]
    for key, body in account.s3.outputs.items():
        s3.put_object(Bucket=RENDITIONS, Key=key, Body=body)
    _create_table(dynamodb)
    for item in account.dynamodb.items.values():
        known: Any = item.get("version", {}).get("S")
        version_of = {"version": {"S": versions[known]}} if known in versions else {}
        dynamodb.put_item(TableName=TABLE, Item={**item, **version_of})
    urls = [sqs.create_queue(QueueName=f"photos-{name}")["QueueUrl"] for name in "abc"]
    photos = PhotosOutputs(
        table=TABLE,
        uploads_bucket=UPLOADS,
        renditions_bucket=RENDITIONS,
        queue_url=urls[0],
        backfill_queue_url=urls[1],
        dead_letters_url=urls[2],
        function="photos",
    )
    return replace(stack_outputs(), photos=photos)


def _create_table(dynamodb: Any) -> None:  # noqa: ANN401 - a client of moto
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"}
            for name in ("gallery", "photo", OPEN, UPDATED_AT)
        ],
        KeySchema=_keys("gallery", "photo"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": OPEN_INDEX,
                "KeySchema": _keys(OPEN, UPDATED_AT),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]
