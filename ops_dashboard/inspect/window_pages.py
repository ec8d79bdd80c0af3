"""Pages of windows, newest first, with filters. Edge (DynamoDB).

Reads for a page of N windows:

=====================  =======================================================================
filtered by            reads
=====================  =======================================================================
creator (and others)   the creator's windows in the table, from the newest; exactly by time
batch (and status)     `batch-id-index` from the highest window number, then N full items
status, or nothing     `status-date-index` from the latest day (all six statuses are merged
                       if none is given), then N full items
=====================  =======================================================================

The indexes contain a window's day at most, so windows are sorted by time within a page, and by day
(those of a batch: by number) across pages. Indexes are eventually consistent.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from ops_dashboard.inspect.cursors import Position, read_cursor, write_cursor
from ops_dashboard.inspect.table_reader import TableReader
from ops_dashboard.inspect.window_record import WindowRecord, window_record
from stream_ingest.aws.items import Item, to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.naming import creator_key
from stream_ingest.contracts.table import WindowStatus

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

PAGE = 50
_Listing = Callable[[Position | None], Iterator[Item]]
"""Yields index entries, newest first, after a position."""
_TABLE_KEY = (table.PARTITION_KEY, table.SORT_KEY)
_INDEX_KEYS = {
    table.BATCH_INDEX: ("batch_id", *_TABLE_KEY),
    table.STATUS_INDEX: ("status", "processing_date", *_TABLE_KEY),
}


class WindowFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which windows to list; None means any."""

    status: WindowStatus | None = None
    batch_id: str | None = None
    creator: str | None = None

    def matches(self, window: WindowRecord) -> bool:
        """Whether a window matches; an index may have returned it with an old status."""
        return (
            self.status in (None, window.status)
            and self.batch_id in (None, window.batch_id)
            and self.creator in (None, window.creator)
        )


class WindowPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some windows of a listing; `next` is the cursor of the next page, None on the last."""

    windows: list[WindowRecord]
    next: str | None = None


class WindowPages:
    """Lists windows of one stack."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        """Read one stack's table."""
        self._table = TableReader(dynamodb, table_name)

    def list_page(
        self, wanted: WindowFilter, *, limit: int = PAGE, after: str | None = None
    ) -> WindowPage:
        """Return the windows after cursor `after`; raises `UserError` if it is invalid.

        A page may have fewer than `limit` windows and still have a next page.
        """
        listings, keys = self._listings(wanted, limit)
        positions = read_cursor(after, listings.keys())
        started = {name: start(positions.get(name)) for name, start in listings.items()}
        entries, cursor = _take(started, positions, keys, limit)
        items = entries if wanted.creator is not None else self._table.full_items(entries)
        windows = [window for window in map(window_record, items) if wanted.matches(window)]
        windows.sort(key=lambda window: (window.closed_at, window.window_id), reverse=True)
        return WindowPage(windows=windows, next=cursor)

    def _listings(
        self, wanted: WindowFilter, limit: int
    ) -> tuple[dict[str, _Listing], tuple[str, ...]]:
        """Return the listings to merge, by name, and the key attributes of their positions."""
        if wanted.creator is not None:
            key = creator_key(wanted.creator)
            return {"creator": partial(self._of_creator, key, wanted)}, _TABLE_KEY
        if wanted.batch_id is not None:
            listing = partial(self._of_batch, wanted.batch_id, wanted.status)
            return {"batch": listing}, _INDEX_KEYS[table.BATCH_INDEX]
        statuses = [wanted.status] if wanted.status else list(WindowStatus)
        listings: dict[str, _Listing] = {
            str(each): partial(self._in_status, each, limit) for each in statuses
        }
        return listings, _INDEX_KEYS[table.STATUS_INDEX]

    def _of_creator(self, key: str, wanted: WindowFilter, after: Position | None) -> Iterator[Item]:
        conditions = {"#status": wanted.status, "#batch_id": wanted.batch_id}
        given = {name: str(value) for name, value in conditions.items() if value is not None}
        return self._table.query(
            KeyConditionExpression="creator_name = :key AND begins_with(#item, :window)",
            ExpressionAttributeNames={"#item": table.SORT_KEY, **{n: n[1:] for n in given}},
            ExpressionAttributeValues=to_wire(
                {":key": key, ":window": "window#"} | {f":{n[1:]}": v for n, v in given.items()}
            ),
            ScanIndexForward=False,
            **_filtered(given),
            **_start(after),
        )

    def _of_batch(
        self, batch_id: str, status: WindowStatus | None, after: Position | None
    ) -> Iterator[Item]:
        given = {"#status": str(status)} if status else {}
        return self._table.query(
            IndexName=table.BATCH_INDEX,
            KeyConditionExpression="batch_id = :batch AND begins_with(#item, :window)",
            ExpressionAttributeNames={"#item": table.SORT_KEY, **{n: n[1:] for n in given}},
            ExpressionAttributeValues=to_wire(
                {":batch": batch_id, ":window": "window#"}
                | {f":{n[1:]}": v for n, v in given.items()}
            ),
            ScanIndexForward=False,
            **_filtered(given),
            **_start(after),
        )

    def _in_status(
        self, status: WindowStatus, limit: int, after: Position | None
    ) -> Iterator[Item]:
        return self._table.query(
            IndexName=table.STATUS_INDEX,
            KeyConditionExpression="#status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=to_wire({":status": str(status)}),
            ScanIndexForward=False,
            Limit=limit + 1,
            **_start(after),
        )


def _filtered(given: dict[str, str]) -> dict[str, Any]:
    """Return the filter that attributes equal values; empty if there are none."""
    if not given:
        return {}
    return {"FilterExpression": " AND ".join(f"{name} = :{name[1:]}" for name in given)}


def _start(after: Position | None) -> dict[str, Any]:
    return {"ExclusiveStartKey": to_wire(after)} if after else {}


def _take(
    listings: dict[str, Iterator[Item]],
    positions: dict[str, Position],
    keys: tuple[str, ...],
    limit: int,
) -> tuple[list[Item], str | None]:
    """Return the newest `limit` entries of all listings, and the cursor after them."""
    named = [_named(name, entries) for name, entries in listings.items()]
    merged = heapq.merge(*named, key=lambda each: each[1].get("processing_date", ""), reverse=True)
    taken = list(islice(merged, limit))
    if next(merged, None) is None:
        return [entry for _, entry in taken], None
    last = {name: {key: str(entry[key]) for key in keys} for name, entry in taken}
    return [entry for _, entry in taken], write_cursor({**positions, **last})


def _named(name: str, entries: Iterator[Item]) -> Iterator[tuple[str, Item]]:
    return ((name, entry) for entry in entries)
