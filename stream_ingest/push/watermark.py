"""The watermark of a MySQL table: up to where its rows have been pushed. Edge (DynamoDB).

It is stored in the stack's table, so everybody who pushes the same MySQL table shares it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import from_wire, to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError
from stream_ingest.contracts.naming import creator_key
from stream_ingest.sources.mysql_connection import MySqlAddress

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class PushWatermark:
    """The upper bound of `created_at` of the last push of one MySQL table that succeeded."""

    def __init__(
        self, dynamodb: DynamoDBClient, table_name: str, address: MySqlAddress, source: str
    ) -> None:
        """Use the watermark of table `source` of the database at `address`, for any user."""
        self._dynamodb, self._table = dynamodb, table_name
        place = creator_key(f"{address.place}/{source}")
        self._key = {table.PARTITION_KEY: f"push#{place}", table.SORT_KEY: table.LAST_PUSH}

    def load(self) -> datetime | None:
        """Return the watermark, or None if no push has succeeded yet."""
        with map_errors("read the push watermark"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=to_wire(self._key), ConsistentRead=True
            )
        item = answer.get("Item")
        return datetime.fromisoformat(from_wire(item)["until"]) if item else None

    def advance(self, until: datetime, batch_id: str) -> None:
        """Store the end of a push that succeeded; the watermark never moves backwards."""
        moment = until.astimezone(UTC).isoformat()  # sorts as text
        item = {**self._key, "until": moment, "by_batch": batch_id}
        try:
            with map_errors("store the push watermark"):
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=to_wire(item),
                    ConditionExpression="attribute_not_exists(creator_name) OR #until < :until",
                    ExpressionAttributeNames={"#until": "until"},
                    ExpressionAttributeValues=to_wire({":until": moment}),
                )
        except ConflictError:
            return  # another push ended later
