"""Queries of a DynamoDB table, page by page. Edge (DynamoDB)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, from_wire

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


def query_items(
    dynamodb: DynamoDBClient,
    doing: str,
    **request: Any,  # noqa: ANN401 - boto's own arguments
) -> Iterator[Item]:
    """Yield a query's items, with one page in memory; error messages begin with `doing`."""
    while True:
        with map_errors(doing):
            answer = dynamodb.query(**request)
        yield from map(from_wire, answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return
        request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
