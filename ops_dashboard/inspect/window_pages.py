"""Pages of windows, newest first by the moment at which they closed. Edge (DynamoDB).

Reads for a page of N windows:

=====================  =======================================================================
filtered by            reads
=====================  =======================================================================
creator (and others)   the creator's windows in the table, from the newest
batch (and status)     all windows of the batch in `batch-id-index`, then N full items
status, or nothing     `status-date-index` from the newest (all six statuses are merged if none
                       is given), then N full items
=====================  =======================================================================

`batch-id-index` is sorted by window number, so a page of a batch costs as much as its progress does
(`BatchRegistry.progress`). Indexes are eventually consistent.

A cursor is the place of the last window shown: its closing time, then its key. It holds for all
statuses, so a window that has moved on meanwhile, or closed since, is not shown on a later page.
Windows that closed within one second are sorted by key, because an index does not sort them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

import msgspec

from ops_dashboard.inspect.cursors import Position, read_cursor, write_cursor
from ops_dashboard.inspect.table_reader import TableReader
from ops_dashboard.inspect.window_record import WindowRecord, window_record
from stream_ingest.aws.items import Item, to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import NotFoundError, UserError
from stream_ingest.contracts.naming import creator_key, split_window_id
from stream_ingest.contracts.table import WindowStatus

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

PAGE = 50
_TABLE_KEY = (table.PARTITION_KEY, table.SORT_KEY)
_PLACE = (table.CLOSED_AT, *_TABLE_KEY)
"""Attributes that place a window in a listing by time; a cursor has these of the last one."""


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
        name, attributes = _listing(wanted)
        position = _position(after, name, attributes)
        entries = list(self._entries(wanted, limit + 1, position))
        shown, is_last = entries[:limit], len(entries) <= limit
        items = shown if wanted.creator is not None else self._table.full_items(shown)
        windows = [window for window in map(window_record, items) if wanted.matches(window)]
        # Only items of older versions are not in this order yet (`table.closed_at`).
        windows.sort(key=lambda window: window.closed_at[:19], reverse=True)
        last = None if is_last else {key: str(shown[-1][key]) for key in attributes}
        return WindowPage(windows=windows, next=write_cursor({name: last}) if last else None)

    def earlier_failure(self, window_id: str) -> WindowRecord | None:
        """Return the failed or partial window that closed last before a window; None if none did.

        Windows that closed within one second are in the order of their keys, as in `list_page`.
        Raises `DecodeError` for an invalid id, and `NotFoundError` for an unknown one.
        """
        key, number = split_window_id(window_id)
        item = self._table.get(key, table.window_item(number))
        if item is None:
            msg = f"no window {window_id}"
            raise NotFoundError(msg)
        here = dict(zip(_PLACE, _place(item), strict=True))
        statuses = (WindowStatus.FAILED, WindowStatus.PARTIAL)
        found = _merged([self._in_status(status, PAGE, here) for status in statuses])
        entry = next(_older(found, here), None)
        return next(map(window_record, self._table.full_items([entry])), None) if entry else None

    def _entries(self, wanted: WindowFilter, limit: int, after: Position | None) -> Iterable[Item]:
        """Return the newest `limit` items, or index entries, after a position."""
        if wanted.creator is not None:
            return islice(self._of_creator(creator_key(wanted.creator), wanted, after), limit)
        if wanted.batch_id is not None:
            found = self._of_batch(wanted.batch_id, wanted.status)
            return heapq.nlargest(limit, _older(found, after), key=_place)
        # In the order of a window's life: one that moves on meanwhile is met twice, not missed.
        statuses = [wanted.status] if wanted.status else list(WindowStatus)
        listings = [self._in_status(status, limit, after) for status in statuses]
        return islice(_older(_merged(listings), after), limit)

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
            **({"ExclusiveStartKey": to_wire(after)} if after else {}),
        )

    def _of_batch(self, batch_id: str, status: WindowStatus | None) -> Iterator[Item]:
        given = {"#status": str(status)} if status else {}
        return self._table.query(
            IndexName=table.BATCH_INDEX,
            KeyConditionExpression="batch_id = :batch AND begins_with(#item, :window)",
            ExpressionAttributeNames={"#item": table.SORT_KEY, **{n: n[1:] for n in given}},
            ExpressionAttributeValues=to_wire(
                {":batch": batch_id, ":window": "window#"}
                | {f":{n[1:]}": v for n, v in given.items()}
            ),
            **_filtered(given),
        )

    def _in_status(
        self, status: WindowStatus, limit: int, after: Position | None
    ) -> Iterator[Item]:
        condition, values = "#status = :status", {":status": str(status)}
        if after:
            condition += " AND #closed <= :closed"
            values[":closed"] = after[table.CLOSED_AT]
        return self._table.query(
            IndexName=table.STATUS_INDEX,
            KeyConditionExpression=condition,
            ExpressionAttributeNames={"#status": "status"}
            | ({"#closed": table.CLOSED_AT} if after else {}),
            ExpressionAttributeValues=to_wire(values),
            ScanIndexForward=False,
            Limit=limit,
        )


def _listing(wanted: WindowFilter) -> tuple[str, tuple[str, ...]]:
    """Return the name of a listing, and the attributes of its cursor's position."""
    if wanted.creator is not None:
        return "creator", _TABLE_KEY
    return "batch" if wanted.batch_id is not None else "time", _PLACE


def _position(after: str | None, name: str, attributes: tuple[str, ...]) -> Position | None:
    """Return the position in a cursor; raises `UserError` if it is not one of this listing."""
    position = read_cursor(after, {name}).get(name)
    if position is not None and position.keys() != set(attributes):
        msg = "not a cursor of this listing: start again without --after"
        raise UserError(msg)
    return position


def _place(entry: Item) -> tuple[str, ...]:
    return tuple(str(entry[name]) for name in _PLACE)


def _older(entries: Iterable[Item], after: Position | None) -> Iterator[Item]:
    """Yield the entries that come after a position."""
    last = None if after is None else _place(after)
    return (entry for entry in entries if last is None or _place(entry) < last)


def _merged(listings: Iterable[Iterator[Item]]) -> Iterator[Item]:
    """Yield the entries of listings that are sorted by time, newest first, and each once."""

    def second(entry: Item) -> str:
        return str(entry[table.CLOSED_AT])

    merged = heapq.merge(*listings, key=second, reverse=True)
    for _, found in groupby(merged, key=second):
        entries = {_place(entry): entry for entry in found}
        yield from (entries[place] for place in sorted(entries, reverse=True))


def _filtered(given: dict[str, str]) -> dict[str, Any]:
    """Return the filter that attributes equal values; empty if there are none."""
    if not given:
        return {}
    return {"FilterExpression": " AND ".join(f"{name} = :{name[1:]}" for name in given)}
