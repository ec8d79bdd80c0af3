"""The list of the table's items that cannot be read. Edge (DynamoDB).

Whoever finds one adds it; the sweeper removes it as soon as it can be read again, or is gone. The
list is in the table itself, so that it outlives logs, and is the gauge that the alarm watches.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, to_wire
from stream_ingest.aws.queries import query_items
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError, UnreadableItemError
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.contracts.timestamps import from_epoch_s, iso_second

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

ENTRY_LIFE_S = 400 * DAY_S
_MAX_REASON = 500


class UnreadableItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item that cannot be read: its key, why, and when it was found first."""

    partition: str
    sort: str
    reason: str
    found_at: str
    times: int = 0
    """How often it was added."""

    @property
    def key(self) -> str:
        """Its key as one text, by which commands name it."""
        return table.item_key(self.partition, self.sort)


class UnreadableList:
    """Adds, lists and removes unreadable items. Safe to share between threads."""

    def __init__(
        self, dynamodb: DynamoDBClient, table_name: str, clock: Callable[[], float]
    ) -> None:
        """`clock` gives epoch seconds."""
        self._dynamodb, self._table, self._clock = dynamodb, table_name, clock

    def add(self, error: UnreadableItemError) -> None:
        """Add an item; the time at which it was found first stays."""
        with map_errors("list an unreadable item"):
            self._dynamodb.update_item(**self.update(error))

    def update(self, error: UnreadableItemError) -> Any:  # noqa: ANN401 - boto's TypedDict
        """Return the update that adds an item, alone or as an action of a transaction."""
        now_s = int(self._clock())
        values = {
            ":partition": error.partition,
            ":sort": error.sort,
            ":reason": error.reason[:_MAX_REASON],
            ":now": iso_second(from_epoch_s(now_s)),
            ":expires": now_s + ENTRY_LIFE_S,
            ":one": 1,
        }
        return {
            "TableName": self._table,
            "Key": to_wire(_key(error.partition, error.sort)),
            "UpdateExpression": "SET of_partition = :partition, of_item = :sort,"
            " reason = :reason, found_at = if_not_exists(found_at, :now), expires_at = :expires"
            " ADD times :one",
            "ExpressionAttributeValues": to_wire(values),
        }

    def entries(self) -> Iterator[UnreadableItem]:
        """Yield all items of the list, read consistently."""
        for shard in range(table.DUE_SHARDS):
            for item in query_items(
                self._dynamodb,
                "list unreadable items",
                TableName=self._table,
                KeyConditionExpression="creator_name = :partition",
                ExpressionAttributeValues=to_wire({":partition": f"unreadable#{shard}"}),
                ConsistentRead=True,
            ):
                if "of_partition" in item and "of_item" in item:
                    yield UnreadableItem(
                        partition=str(item["of_partition"]),
                        sort=str(item["of_item"]),
                        reason=str(item.get("reason", "")),
                        found_at=str(item.get("found_at", "")),
                        times=int(item.get("times", 0)),
                    )

    def remove(self, entry: UnreadableItem) -> None:
        """Remove an item from the list, unless it was added again since; safe to repeat."""
        condition: Any = {
            "ConditionExpression": "times = :times",
            "ExpressionAttributeValues": to_wire({":times": entry.times}),
        }
        if not entry.times:  # added by a release that did not count
            condition = {"ConditionExpression": "attribute_not_exists(times)"}
        with (
            contextlib.suppress(ConflictError),
            map_errors("remove an item from the list of unreadable ones"),
        ):
            self._dynamodb.delete_item(
                TableName=self._table,
                Key=to_wire(_key(entry.partition, entry.sort)),
                **condition,
            )


def _key(partition: str, sort: str) -> Item:
    return {
        table.PARTITION_KEY: table.unreadable_partition(partition),
        table.SORT_KEY: table.item_key(partition, sort)[:1_000],
    }
