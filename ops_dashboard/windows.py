"""Windows in the table, as an operator asks for them. Edge (DynamoDB)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from stream_ingest import table
from stream_ingest.aws_errors import translated
from stream_ingest.events import WindowReady
from stream_ingest.items import Item, from_wire, to_wire
from stream_ingest.naming import creator_key, split_window_id
from stream_ingest.windowing.outbox import expand_event

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class WindowRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One window's status item."""

    window_id: str
    creator: str
    batch_id: str
    status: str
    closed_at: str
    image_count: int
    images_ok: int = 0
    images_failed: int = 0
    failures: dict[str, int] = {}
    attempts: int = 0
    error: str | None = None
    replayed_as: str | None = None
    collage_key: str | None = None


class WindowReader:
    """Finds windows by creator, batch or status, and the event of one."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        """Read one stack's table."""
        self._dynamodb, self._table = dynamodb, table_name

    def of_creator(self, creator: str) -> Iterator[WindowRecord]:
        """Yield a creator's windows by number."""
        yield from self._query(
            KeyConditionExpression="creator_name = :key AND begins_with(#item, :window)",
            ExpressionAttributeNames={"#item": table.SORT_KEY},
            ExpressionAttributeValues=to_wire({":key": creator_key(creator), ":window": "window#"}),
        )

    def of_batch(self, batch_id: str) -> Iterator[WindowRecord]:
        """Yield the windows that were closed for a batch."""
        for item in self._pages(
            IndexName=table.BATCH_INDEX,
            KeyConditionExpression="batch_id = :batch AND begins_with(#item, :window)",
            ExpressionAttributeNames={"#item": table.SORT_KEY},
            ExpressionAttributeValues=to_wire({":batch": batch_id, ":window": "window#"}),
        ):
            yield from self._whole(item)

    def in_status(self, status: table.WindowStatus) -> Iterator[WindowRecord]:
        """Yield every window in a status, by the date on which it closed."""
        for item in self._pages(
            IndexName=table.STATUS_INDEX,
            KeyConditionExpression="#status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=to_wire({":status": str(status)}),
        ):
            yield from self._whole(item)

    def one(self, window_id: str) -> WindowRecord | None:
        """Return one window, None where there is none; `DecodeError` for what is no window id."""
        key, number = split_window_id(window_id)
        item = self._get(key, table.window_item(number))
        return None if item is None else _record(item)

    def event(self, window_id: str) -> WindowReady | None:
        """Return a window's event as it was written when the window closed, None if it is gone."""
        key, number = split_window_id(window_id)
        item = self._get(key, table.images_item(number))
        return None if item is None else expand_event(bytes(item["detail"]))

    def _whole(self, item: Item) -> Iterator[WindowRecord]:
        """Yield the whole record behind an index entry, unless it has gone since."""
        found = self._get(item[table.PARTITION_KEY], item[table.SORT_KEY])
        if found is not None:
            yield _record(found)

    def _get(self, key: str, sort_key: str) -> Item | None:
        with translated("read a window"):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key=to_wire({table.PARTITION_KEY: key, table.SORT_KEY: sort_key}),
                ConsistentRead=True,
            )
        return from_wire(answer["Item"]) if "Item" in answer else None

    def _query(self, **request: Any) -> Iterator[WindowRecord]:  # noqa: ANN401 - boto's own arguments
        yield from map(_record, self._pages(**request))

    def _pages(self, **request: Any) -> Iterator[Item]:  # noqa: ANN401 - boto's own arguments
        pages = self._dynamodb.get_paginator("query").paginate(TableName=self._table, **request)
        with translated("query windows"):
            for page in pages:
                yield from map(from_wire, page["Items"])


def _record(item: Item) -> WindowRecord:
    return msgspec.convert(
        {
            name: _plain(value)
            for name, value in item.items()
            if name in WindowRecord.__struct_fields__
        },
        type=WindowRecord,
    )


def _plain(value: object) -> object:
    """Return a value with whole numbers where boto3 gives decimals."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return int(value) if isinstance(value, Decimal) else value
