"""What moto answers after `make_quick`, where the altered parts could answer otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from stream_ingest.aws.items import to_wire
from stream_ingest.contracts import table
from tests.fakes.aws_variables import set_aws_variables
from tests.fakes.ingest.aws import OUTPUT, TABLE, IngestAws

KEY = {"creator_name": "ann", "item": "state"}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[IngestAws]:
    set_aws_variables(monkeypatch)
    with mock_aws():
        yield IngestAws({name: boto3.client(name) for name in ("dynamodb", "s3")})


def put(values: dict[str, Any]) -> dict[str, Any]:
    return {"Put": {"TableName": TABLE, "Item": to_wire(values)}}


def failing(aws: IngestAws, *actions: dict[str, Any]) -> None:
    """Execute a transaction whose last condition fails."""
    condition = {
        "TableName": TABLE,
        "Key": to_wire({"creator_name": "no one", "item": "state"}),
        "ConditionExpression": "attribute_exists(creator_name)",
    }
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        aws.dynamodb.transact_write_items(TransactItems=[*actions, {"ConditionCheck": condition}])


def test_a_failed_transaction_changes_no_item(aws: IngestAws) -> None:
    for name in ("ann", "zoe", "eve"):
        aws.dynamodb.put_item(
            TableName=TABLE, Item=to_wire({**KEY, "creator_name": name, "tags": {"a"}, "n": 1})
        )
    before = aws.snapshot()
    update = {
        "TableName": TABLE,
        "Key": to_wire(KEY),
        "UpdateExpression": "SET n = n + :one ADD tags :tags",
        "ExpressionAttributeValues": to_wire({":one": 1, ":tags": {"b"}}),
    }
    gone = {"TableName": TABLE, "Key": to_wire({**KEY, "creator_name": "zoe"})}
    new, other = {**KEY, "creator_name": "new"}, {**KEY, "creator_name": "eve", "n": 7}
    failing(aws, {"Update": update}, {"Delete": gone}, put(new), put(other))
    assert aws.snapshot() == before
    aws.dynamodb.transact_write_items(
        TransactItems=[{"Update": update}, {"Delete": gone}, put(new), put(other)]
    )
    assert aws.item("ann", "state") == {**KEY, "tags": {"a", "b"}, "n": 2}
    assert aws.item("eve", "state") == other
    assert aws.item("new", "state") == new
    assert aws.item("zoe", "state") is None


def test_an_item_that_is_named_twice_is_refused(aws: IngestAws) -> None:
    twice = [put({**KEY, "n": 1}), put({**KEY, "n": 2})]
    with pytest.raises(ClientError, match="multiple operations"):
        aws.dynamodb.transact_write_items(TransactItems=twice)
    assert aws.snapshot() == []


@pytest.mark.parametrize("attributes", [1, 40])
def test_an_item_of_more_than_400_kilobytes_is_refused(aws: IngestAws, attributes: int) -> None:
    parts = {f"part{at:02d}": "x" * (410_000 // attributes) for at in range(attributes)}
    with pytest.raises(ClientError, match="size has exceeded"):
        aws.dynamodb.put_item(TableName=TABLE, Item=to_wire(KEY | parts))
    assert aws.snapshot() == []
    parts["part00"] = parts["part00"][11_000:]
    aws.dynamodb.put_item(TableName=TABLE, Item=to_wire(KEY | parts))


def test_an_index_is_in_the_order_of_its_numbers(aws: IngestAws) -> None:
    for at in (10, 9, 100):
        item = {"creator_name": f"c{at}", "item": "state", "due_shard": "a", "due_at": at}
        aws.dynamodb.put_item(TableName=TABLE, Item=to_wire(item))
    found = aws.dynamodb.query(
        TableName=TABLE,
        IndexName=table.DUE_INDEX,
        KeyConditionExpression="due_shard = :shard",
        ExpressionAttributeValues=to_wire({":shard": "a"}),
        ScanIndexForward=False,
    )
    assert [item["due_at"]["N"] for item in found["Items"]] == ["100", "10", "9"]


def test_the_same_update_is_applied_to_each_item_with_its_own_values(aws: IngestAws) -> None:
    for name, value in (("ann", 1), ("zoe", 2), ("ann", 3)):
        aws.set_item(name, "state", n=value)
    assert [aws.item(name, "state")["n"] for name in ("ann", "zoe")] == [3, 2]  # type: ignore[index]  # both exist


def test_every_kind_of_value_comes_back_as_it_was_put(aws: IngestAws) -> None:
    item = {
        **to_wire(KEY),
        "number": {"N": "1.50"},
        "empty": {"S": ""},
        "bytes": {"B": b"\x00\xff"},
        "no": {"BOOL": False},
        "null": {"NULL": True},
        "names": {"SS": ["a", "b"]},
        "list": {"L": [{"M": {"S": {"S": "x"}, "B": {"B": b"y"}}}, {"L": []}, {"N": "0"}]},
        "map": {"M": {}},
    }
    assert "Item" not in aws.dynamodb.get_item(TableName=TABLE, Key=to_wire(KEY))
    aws.dynamodb.put_item(TableName=TABLE, Item=item)
    assert aws.dynamodb.get_item(TableName=TABLE, Key=to_wire(KEY))["Item"] == item
    assert aws.dynamodb.scan(TableName=TABLE)["Items"] == [item]


def test_a_list_of_versions_says_each_time_which_is_the_latest(aws: IngestAws) -> None:
    aws.s3.put_bucket_versioning(Bucket=OUTPUT, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"first", b"second"):
        aws.s3.put_object(Bucket=OUTPUT, Key="a", Body=body)
    sizes = {5: False, 6: True}
    found = aws.s3.list_object_versions(Bucket=OUTPUT)
    assert {each["Size"]: each["IsLatest"] for each in found["Versions"]} == sizes
    aws.s3.delete_object(Bucket=OUTPUT, Key="a")
    found = aws.s3.list_object_versions(Bucket=OUTPUT)
    assert {each["Size"]: each["IsLatest"] for each in found["Versions"]} == {5: False, 6: False}
    assert [each["IsLatest"] for each in found["DeleteMarkers"]] == [True]
    version = next(each["VersionId"] for each in found["Versions"] if each["Size"] == 5)
    assert aws.s3.get_object(Bucket=OUTPUT, Key="a", VersionId=version)["Body"].read() == b"first"
