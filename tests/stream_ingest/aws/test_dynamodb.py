from __future__ import annotations

from typing import Any

import pytest

from stream_ingest.aws import dynamodb
from stream_ingest.aws.dynamodb import BatchGet
from stream_ingest.contracts.errors import TransientError
from tests.fakes.ingest.aws import TABLE, IngestAws


class Throttled:
    """A table that reads `per_request` keys in each request and leaves the others unprocessed."""

    def __init__(self, per_request: int) -> None:
        self.per_request = per_request
        self.requests: list[dict[str, Any]] = []

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        request = RequestItems[TABLE]
        self.requests.append(request)
        keys = request["Keys"]
        rest = keys[self.per_request :]
        return {
            "Responses": {TABLE: keys[: self.per_request]},
            "UnprocessedKeys": {TABLE: {**request, "Keys": rest}} if rest else {},
        }


def reader(client: object, sleeps: list[float] | None = None) -> BatchGet:
    """A reader whose jitter always takes the whole back-off."""
    slept = [] if sleeps is None else sleeps
    return BatchGet(client, TABLE, sleep=slept.append, jitter=lambda: 1.0)  # type: ignore[arg-type]


def keys(count: int) -> list[tuple[str, str]]:
    return [("ann", f"window#{number:06d}") for number in range(count)]


def test_more_than_100_keys_are_read_in_several_requests() -> None:
    client = Throttled(per_request=100)
    assert len(list(reader(client).items(keys(250), "read"))) == 250
    assert [len(request["Keys"]) for request in client.requests] == [100, 100, 50]


def test_no_keys_make_no_request() -> None:
    client = Throttled(per_request=100)
    assert list(reader(client).items([], "read")) == []
    assert client.requests == []


def test_unprocessed_keys_are_requested_again_after_a_growing_back_off() -> None:
    client, sleeps = Throttled(per_request=1), list[float]()
    found = list(reader(client, sleeps).items(keys(4), "read"))
    assert [(item["creator_name"], item["item"]) for item in found] == keys(4)
    assert [len(request["Keys"]) for request in client.requests] == [4, 3, 2, 1]
    assert sleeps == [0.05, 0.1, 0.2]


def test_keys_that_stay_unprocessed_are_an_error_after_a_bounded_number_of_attempts() -> None:
    client, sleeps = Throttled(per_request=0), list[float]()
    with pytest.raises(TransientError, match=r"^read states: 2 keys left unprocessed"):
        list(reader(client, sleeps).items(keys(2), "read states"))
    assert len(client.requests) == dynamodb.MAX_ATTEMPTS
    assert max(sleeps) == dynamodb.MAX_BACKOFF_S


def test_every_attempt_has_the_same_consistency_and_attributes() -> None:
    client = Throttled(per_request=1)
    list(reader(client).items(keys(2), "read", consistent=True, attributes=("item", "version")))
    for request in client.requests:
        assert request["ConsistentRead"] is True
        assert request["ProjectionExpression"] == "#item, #version"
        assert request["ExpressionAttributeNames"] == {"#item": "item", "#version": "version"}


def test_only_the_items_that_exist_are_returned(aws: IngestAws) -> None:
    item = {"creator_name": {"S": "ann"}, "item": {"S": "window#000001"}, "status": {"S": "ready"}}
    aws.dynamodb.put_item(TableName=TABLE, Item=item)
    found = list(BatchGet(aws.dynamodb, TABLE).items(keys(3), "read", attributes=("status",)))
    assert found == [{"status": "ready"}]
