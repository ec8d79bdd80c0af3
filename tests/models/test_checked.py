"""Clients of every kind refuse to send what the service's model does not allow."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator

import boto3
import pytest
from aiobotocore.session import AioSession
from moto import mock_aws

from stream_ingest.aws.clients import session
from tests.fakes.aws_variables import set_aws_variables
from tests.models.checked import InvalidRequestError, checked_requests

ENTRY = {"Source": "coverstream.windowing", "DetailType": "WindowReady", "Detail": "{}"}


@pytest.fixture(autouse=True)
def checked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    set_aws_variables(monkeypatch)
    with mock_aws(), checked_requests():
        yield


def test_a_request_above_a_maximum_is_refused_and_one_at_it_is_sent() -> None:
    events = session().client("events")
    assert events.put_events(Entries=[ENTRY] * 10)["FailedEntryCount"] == 0
    with pytest.raises(InvalidRequestError, match=r"^events.PutEvents.Entries: longer than 10$"):
        events.put_events(Entries=[ENTRY] * 11)


def test_a_value_that_is_none_of_the_services_is_refused() -> None:
    dynamodb = boto3.client("dynamodb")
    with pytest.raises(InvalidRequestError, match=r"dynamodb.Query.Select: 'ALL' is none of"):
        dynamodb.query(TableName="t", KeyConditionExpression="a = :a", Select="ALL")  # type: ignore[arg-type]


async def _put_record(name: str) -> None:
    async with AioSession().create_client("kinesis", region_name="us-east-1") as kinesis:
        await kinesis.put_record(StreamName=name, Data=b"", PartitionKey="a")


def test_a_value_of_another_pattern_is_refused_from_an_asynchronous_client() -> None:
    with pytest.raises(InvalidRequestError, match=r"StreamName: 'a b' does not match"):
        asyncio.run(_put_record("a b"))


def test_the_body_of_an_object_may_be_a_file() -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="covers")
    s3.put_object(Bucket="covers", Key="a", Body=io.BytesIO(b"abc"))
    assert s3.get_object(Bucket="covers", Key="a")["Body"].read() == b"abc"
