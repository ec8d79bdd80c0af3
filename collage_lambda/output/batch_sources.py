"""Where the rows of a window's batch came from, for the window's metadata. Edge (DynamoDB).

A batch's item names its file, object or database. It is read once for each batch and process, and
an eventually consistent read of it is half a read unit: 0.06 USD for a million windows, each of a
batch of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import from_wire, to_wire
from stream_ingest.contracts import table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_MAX_KNOWN = 1_024
"""Batches that a process remembers, of some 200 bytes each."""


class BatchSources:
    """Looks up the sources of batches."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        """Use a low-level client."""
        self._dynamodb, self._table = dynamodb, table_name
        self._known: dict[str, str] = {}

    def find(self, batch_id: str) -> str | None:
        """Return a batch's source; None if it is not registered, or by an older producer."""
        if batch_id not in self._known:
            source = self._read(batch_id)
            if source is None:
                return None
            if len(self._known) >= _MAX_KNOWN:
                self._known.pop(next(iter(self._known)))
            self._known[batch_id] = source
        return self._known[batch_id]

    def _read(self, batch_id: str) -> str | None:
        key = {table.PARTITION_KEY: table.batch_partition(batch_id), table.SORT_KEY: table.BATCH}
        with map_errors(f"read the source of batch {batch_id}"):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key=to_wire(key),
                ProjectionExpression="#source",
                ExpressionAttributeNames={"#source": "source"},
            )
        source = from_wire(answer.get("Item", {})).get("source")
        return None if source is None else str(source)
