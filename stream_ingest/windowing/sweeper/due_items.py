"""What is due by the clock, from the due index. Edge (DynamoDB)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stream_ingest.aws.items import Item, to_wire
from stream_ingest.aws.queries import query_items
from stream_ingest.contracts import table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class DueItems:
    """Finds the creators and windows that the sweeper has to process."""

    def __init__(
        self, dynamodb: DynamoDBClient, table_name: str, clock: Callable[[], float]
    ) -> None:
        """`clock` gives epoch seconds."""
        self._dynamodb, self._table, self._clock = dynamodb, table_name, clock

    def read(self) -> tuple[list[str], list[Item]]:
        """Return the keys of creators, and the keys of windows, that are due."""
        states: dict[str, None] = {}
        windows: list[Item] = []
        for shard in range(table.DUE_SHARDS):
            for item in self._query(f"due#{shard}"):
                if item[table.SORT_KEY] == table.STATE:
                    states[item[table.PARTITION_KEY]] = None
                else:
                    windows.append(item)
        return list(states), windows

    def _query(self, shard: str) -> Iterator[Item]:
        return query_items(
            self._dynamodb,
            "query what is due",
            TableName=self._table,
            IndexName=table.DUE_INDEX,
            KeyConditionExpression="due_shard = :shard AND due_at <= :now",
            ExpressionAttributeValues=to_wire({":shard": shard, ":now": int(self._clock())}),
        )
