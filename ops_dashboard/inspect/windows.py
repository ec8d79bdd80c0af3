"""Windows in the table: one by its id, or all of a creator, batch or status. Edge (DynamoDB).

`window_pages` lists them in pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from ops_dashboard.inspect.table_reader import TableReader
from ops_dashboard.inspect.window_record import WindowRecord, window_record
from stream_ingest.aws.items import to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.naming import creator_key, split_window_id
from stream_ingest.contracts.timestamps import iso_second
from stream_ingest.windowing.rules.outbox import expand_event

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class WindowReader:
    """Reads windows and their events from one stack's table."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        """Read with a low-level client."""
        self._table = TableReader(dynamodb, table_name)

    def of_creator(self, creator: str) -> Iterator[WindowRecord]:
        """Yield a creator's windows by number."""
        items = self._table.query(
            KeyConditionExpression="creator_name = :key AND begins_with(#item, :window)",
            ExpressionAttributeNames={"#item": table.SORT_KEY},
            ExpressionAttributeValues=to_wire({":key": creator_key(creator), ":window": "window#"}),
        )
        yield from map(window_record, items)

    def of_batch(self, batch_id: str) -> Iterator[WindowRecord]:
        """Yield the windows that were closed for a batch."""
        entries = self._table.query(
            IndexName=table.BATCH_INDEX,
            KeyConditionExpression="batch_id = :batch AND begins_with(#item, :window)",
            ExpressionAttributeNames={"#item": table.SORT_KEY},
            ExpressionAttributeValues=to_wire({":batch": batch_id, ":window": "window#"}),
        )
        yield from map(window_record, self._table.full_items(entries))

    def first_of_batch(self, batch_id: str, limit: int) -> list[WindowRecord]:
        """Return the windows of a batch with the lowest numbers."""
        entries = self._table.query(
            IndexName=table.BATCH_INDEX,
            KeyConditionExpression="batch_id = :batch AND begins_with(#item, :window)",
            ExpressionAttributeNames={"#item": table.SORT_KEY},
            ExpressionAttributeValues=to_wire({":batch": batch_id, ":window": "window#"}),
            Limit=limit,
        )
        return list(map(window_record, self._table.full_items(islice(entries, limit))))

    def in_status(self, status: table.WindowStatus) -> Iterator[WindowRecord]:
        """Yield every window in a status, in the order in which they closed."""
        return self._in_status("#status = :status", {":status": str(status)}, {})

    def closed_between(
        self, status: table.WindowStatus, start: datetime, end: datetime
    ) -> Iterator[WindowRecord]:
        """Yield the windows in a status that closed at `start` or later, and before `end`."""
        # From the day on, because windows of older versions have a date only in the index.
        values = {":status": str(status), ":start": iso_second(start)[:10], ":end": iso_second(end)}
        for window in self._in_status(
            "#status = :status AND #closed BETWEEN :start AND :end",
            values,
            {"#closed": table.CLOSED_AT},
        ):
            if start <= datetime.fromisoformat(window.closed_at) < end:
                yield window

    def _in_status(
        self, condition: str, values: dict[str, str], names: dict[str, str]
    ) -> Iterator[WindowRecord]:
        entries = self._table.query(
            IndexName=table.STATUS_INDEX,
            KeyConditionExpression=condition,
            ExpressionAttributeNames={"#status": "status"} | names,
            ExpressionAttributeValues=to_wire(values),
        )
        yield from map(window_record, self._table.full_items(entries))

    def find(self, window_id: str) -> WindowRecord | None:
        """Return a window, None if there is none; raises `DecodeError` for an invalid id."""
        key, number = split_window_id(window_id)
        item = self._table.get(key, table.window_item(number))
        return None if item is None else window_record(item)

    def find_all(self, window_ids: Iterable[str]) -> Iterator[WindowRecord]:
        """Yield those of some windows that exist, in their order, a hundred a request.

        Raises `DecodeError` for an invalid id.
        """
        parts = map(split_window_id, dict.fromkeys(window_ids))
        entries = (
            {table.PARTITION_KEY: key, table.SORT_KEY: table.window_item(number)}
            for key, number in parts
        )
        yield from map(window_record, self._table.full_items(entries))

    def event(self, window_id: str) -> WindowReady | None:
        """Return the event that was written when a window closed; None if it is gone."""
        key, number = split_window_id(window_id)
        item = self._table.get(key, table.images_item(number))
        if item is None or table.BARRED in item:
            return None
        return expand_event(bytes(item["detail"]))
