from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from stream_ingest.aws.failed_objects import KINDS, FailedObjects
from tests.fakes.ingest.aws import OUTPUT, TEMP

RECORD_KEY = "failed/records/2026/11/21/5.json"
DELIVERY_KEY = "aws/lambda/uuid/shardId-000000000000/2026/11/21/2026-11-21T10.00.00-x"


@pytest.fixture
def objects() -> Iterator[FailedObjects]:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        for bucket in (OUTPUT, TEMP):
            s3.create_bucket(Bucket=bucket)
        yield FailedObjects(s3, output_bucket=OUTPUT, temp_bucket=TEMP)


def put(bucket: str, key: str) -> None:
    boto3.client("s3", region_name="us-east-1").put_object(Bucket=bucket, Key=key, Body=b"{}")


def found(objects: FailedObjects) -> dict[str, list[tuple[str, str]]]:
    return {kind: list(objects.keys(kind)) for kind in KINDS}


def test_nothing_is_found_in_empty_buckets(objects: FailedObjects) -> None:
    assert found(objects) == {"record": [], "stream": []}


@pytest.mark.parametrize("bucket", [OUTPUT, TEMP])
def test_a_discarded_delivery_is_found_in_either_bucket(
    objects: FailedObjects, bucket: str
) -> None:
    put(bucket, DELIVERY_KEY)
    assert found(objects) == {"record": [], "stream": [(bucket, DELIVERY_KEY)]}


def test_a_quarantined_record_is_found_unless_an_early_release_redrove_it(
    objects: FailedObjects,
) -> None:
    put(OUTPUT, RECORD_KEY)
    put(OUTPUT, f"{RECORD_KEY}.redriven")
    assert found(objects) == {"record": [(OUTPUT, RECORD_KEY)], "stream": []}


def test_a_count_ends_where_it_is_enough(objects: FailedObjects) -> None:
    for number in range(3):
        put(OUTPUT, f"{DELIVERY_KEY}{number}")
    put(TEMP, DELIVERY_KEY)
    assert (objects.count("stream"), objects.count("stream", 2)) == (4, 2)
