"""The items of batches, read and changed one at a time. Edge (DynamoDB).

`BatchRegistry` and `BatchTimeouts` decide what is written; `batch_item` lists every change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stream_ingest.aws.errors import map_errors, map_item_errors
from stream_ingest.aws.items import Item, from_wire, to_wire
from stream_ingest.batches.batch_item import key_of, read_batch
from stream_ingest.batches.progress import Batch
from stream_ingest.contracts import table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class BatchTable:
    """Loads and updates the items of batches."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        """Read and write one stack's table."""
        self._dynamodb, self._table = dynamodb, table_name

    def load(self, batch_id: str) -> Batch | None:
        """Return a batch, read consistently; None if unknown. Raises `UnreadableItemError`."""
        with map_errors(f"load batch {batch_id}"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=to_wire(key_of(batch_id)), ConsistentRead=True
            )
        return read_batch(from_wire(answer["Item"])) if "Item" in answer else None

    def update(
        self, batch_id: str, update: str, values: Item, names: Mapping[str, str], condition: str
    ) -> Item:
        """Update a batch's item and return it; raises `ConflictError` if `condition` fails."""
        request: Any = {
            "TableName": self._table,
            "Key": to_wire(key_of(batch_id)),
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": to_wire(values),
            "ReturnValues": "ALL_NEW",
            **({"ExpressionAttributeNames": names} if names else {}),
        }
        partition = table.batch_partition(batch_id)
        with map_item_errors(f"update batch {batch_id}", partition, table.BATCH):
            return from_wire(self._dynamodb.update_item(**request)["Attributes"])
