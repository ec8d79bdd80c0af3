"""Status items of windows in DynamoDB. Edge.

Every write is a `Move` of `contracts.window_lifecycle`, so it happens under that move's condition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_ingest.aws.errors import map_errors, map_item_errors
from stream_ingest.aws.items import Item, from_wire, to_wire
from stream_ingest.contracts import table, window_lifecycle
from stream_ingest.contracts.errors import ConflictError
from stream_ingest.contracts.naming import split_window_id
from stream_ingest.contracts.window_lifecycle import Move

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class WindowErasedError(ConflictError):
    """The window's creator was erased after the window had closed."""


class WindowRepository:
    """Reads and moves the status items of windows. Safe to share between threads."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        """Use a low-level client: threads may share it, but not a boto3 resource."""
        self._dynamodb, self._table = dynamodb, table_name

    def get(self, key: str, sort_key: str) -> Item | None:
        """Return an item of a creator's partition, read consistently; None if there is none."""
        with map_errors("read a window"):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key=to_wire({table.PARTITION_KEY: key, table.SORT_KEY: sort_key}),
                ConsistentRead=True,
            )
        return from_wire(answer["Item"]) if "Item" in answer else None

    def move(self, window_id: str, move: Move) -> None:
        """Move a window; raises `ConflictError` if the move's condition fails."""
        self._update(window_id, move)

    def exchange(self, window_id: str, move: Move) -> Item:
        """Move a window and return its item from before, empty if there was none.

        Raises `ConflictError` if the move's condition fails; `item_in` returns the item found.
        """
        before = self._update(
            window_id,
            move,
            ReturnValues="ALL_OLD",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        return from_wire(before)

    def create(self, window_id: str, move: Move, closed_at_s: int) -> None:
        """Make the item of a window that has none.

        Raises `WindowErasedError` if its creator was erased after the window closed, and
        `ConflictError` if the item exists by now.
        """
        key, number = split_window_id(window_id)
        actions: Any = [
            {
                "ConditionCheck": {
                    "TableName": self._table,
                    "Key": to_wire({table.PARTITION_KEY: key, table.SORT_KEY: table.STATE}),
                    "ConditionExpression": window_lifecycle.NOT_ERASED,
                    "ExpressionAttributeValues": to_wire({":closed": closed_at_s}),
                }
            },
            {"Update": self._request(key, number, move)},
        ]
        try:
            with map_errors(f"create window {window_id}"):
                self._dynamodb.transact_write_items(TransactItems=actions)
        except ConflictError as error:
            cause: Any = error.__cause__
            reasons = cause.response.get("CancellationReasons", [{}])
            if reasons[0].get("Code") == "ConditionalCheckFailed":
                msg = f"{window_id}: its creator was erased"
                raise WindowErasedError(msg) from error
            raise

    def _request(self, key: str, number: int, move: Move) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "Key": to_wire({table.PARTITION_KEY: key, table.SORT_KEY: table.window_item(number)}),
            "UpdateExpression": move.update,
            "ConditionExpression": move.condition,
            "ExpressionAttributeNames": move.names,
            "ExpressionAttributeValues": to_wire(move.values),
        }

    def _update(self, window_id: str, move: Move, **options: str) -> Item:
        key, number = split_window_id(window_id)
        request: Any = {**self._request(key, number, move), **options}
        with map_item_errors(f"move window {window_id}", key, table.window_item(number)):
            answer = self._dynamodb.update_item(**request)
        return dict(answer.get("Attributes", {}))


def item_in(error: ConflictError) -> Item:
    """Return the item that DynamoDB includes in a failed condition check, empty if it has none."""
    cause: Any = error.__cause__
    return from_wire(cause.response.get("Item", {}))
