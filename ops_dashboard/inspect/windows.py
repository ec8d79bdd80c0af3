"""Windows in the table, as an operator asks for them. Edge (DynamoDB).

`WindowReader` finds windows one by one or all of a kind; `window_pages` lists them in pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from ops_dashboard.inspect.table_reader import TableReader
from stream_ingest.aws.items import Item, to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.naming import creator_key, split_window_id
from stream_ingest.windowing.rules.outbox import expand_event

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class WindowRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One window's status item; times are ISO 8601 in UTC, keys are in the output bucket."""

    window_id: str
    creator: str
    batch_id: str
    status: str
    closed_at: str
    """When it closed; midnight of its day for a window that only a replay's event told of."""
    image_count: int
    trigger: str = ""
    closed_because: str | None = None
    images_ok: int = 0
    images_failed: int = 0
    failures: dict[str, int] = {}
    """Empty cells by reason."""
    attempts: int = 0
    """How often a collage worker claimed it."""
    emissions: int = 0
    """How often its event was put on the bus."""
    lease_owner: str | None = None
    """Request id and message id of the worker that is at it, while it is ``processing``."""
    completed_at: str | None = None
    duration_ms: int | None = None
    error: str | None = None
    replayed_as: str | None = None
    collage_key: str | None = None
    thumbnail_key: str | None = None
    metadata_key: str | None = None
    originals_key: str | None = None
    """Key of its originals in the temp bucket."""
    collage_sha256: str | None = None


class WindowReader:
    """Finds windows by creator, batch or status, and the event of one."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        """Read one stack's table."""
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
        yield from map(window_record, self._table.whole(entries))

    def in_status(self, status: table.WindowStatus) -> Iterator[WindowRecord]:
        """Yield every window in a status, by the date on which it closed."""
        entries = self._table.query(
            IndexName=table.STATUS_INDEX,
            KeyConditionExpression="#status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=to_wire({":status": str(status)}),
        )
        yield from map(window_record, self._table.whole(entries))

    def one(self, window_id: str) -> WindowRecord | None:
        """Return one window, None where there is none; `DecodeError` for what is no window id."""
        key, number = split_window_id(window_id)
        item = self._table.get(key, table.window_item(number))
        return None if item is None else window_record(item)

    def event(self, window_id: str) -> WindowReady | None:
        """Return a window's event as it was written when the window closed, None if it is gone."""
        key, number = split_window_id(window_id)
        item = self._table.get(key, table.images_item(number))
        return None if item is None else expand_event(bytes(item["detail"]))


def window_record(item: Item) -> WindowRecord:
    """Return what an operator sees of a window's status item."""
    known = {
        name: _plain(value)
        for name, value in item.items()
        if name in WindowRecord.__struct_fields__
    }
    if "closed_at" not in known:
        known["closed_at"] = f"{item['processing_date']}T00:00:00+00:00"
    return msgspec.convert(known, type=WindowRecord)


def _plain(value: object) -> object:
    """Return a value with whole numbers where boto3 gives decimals."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return int(value) if isinstance(value, Decimal) else value
