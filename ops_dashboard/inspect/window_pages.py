"""Pages of windows, newest first by the moment at which they closed. Edge (DynamoDB).

Reads for a page of N windows:

=====================  =======================================================================
filtered by            reads
=====================  =======================================================================
creator (and others)   the creator's windows in the table, from the newest
batch (and others)     all windows of the batch in `batch-id-index`, then N full items
all else, or nothing   `status-date-index` from the newest, or from the end of the range (all
                       possible statuses are merged), then N full items
an open status         the items of all windows that wait, from the newest, until N match: their
                       status is not in the indexes
=====================  =======================================================================

`batch-id-index` is sorted by window number, so a page of a batch costs as much as its progress does
(`BatchRegistry.progress`). What is polled is `WindowPages.newer`, which never reads a whole batch.
A page that filters what it has read looks at `MAX_SCANNED` entries, about 2 MB, and then ends with
what it has found and a cursor. Indexes are eventually consistent.

A cursor is the place of the last window looked at: its closing time, then its key. It holds for all
statuses, so a window that has moved on meanwhile, or closed since, is not shown on a later page.
Windows that closed within one second are sorted by key, because an index does not sort them.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any

import msgspec

from ops_dashboard.inspect.cursors import Position, read_cursor, write_cursor
from ops_dashboard.inspect.merging import Step, merge_page
from ops_dashboard.inspect.table_reader import TableReader
from ops_dashboard.inspect.window_filter import WindowFilter
from ops_dashboard.inspect.window_order import PLACE, TABLE_KEY, merged, older, place
from ops_dashboard.inspect.window_record import WindowRecord, window_record
from stream_ingest.aws.items import Item, to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import NotFoundError, UserError
from stream_ingest.contracts.naming import creator_key, split_window_id
from stream_ingest.contracts.table import WindowStatus
from stream_ingest.contracts.timestamps import iso_second

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

PAGE = 50
MAX_SCANNED = 5_000
"""Maximum number of entries that a page looks at."""
_MAX_NEWER = 500
"""Maximum number of entries that a poll looks at."""
_ENTRIES_PER_READ = 1_000
_BETWEEN = "BETWEEN :first AND :last"
_ACCEPTED_BY = "completed_at"
Accept = Callable[[Item], bool]
"""Decides about an index entry besides the filter: by what the filter reads, and `completed_at`."""


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
        self,
        wanted: WindowFilter,
        *,
        limit: int = PAGE,
        after: str | None = None,
        accept: Accept = lambda _: True,
    ) -> WindowPage:
        """Return the windows after cursor `after`; raises `UserError` if it is invalid.

        A page may have fewer than `limit` windows, or none, and still have a next page.
        """
        name = listing(wanted)
        start = read_cursor(after, {name})
        page = merge_page(
            {name: self.steps(wanted, limit=limit, after=start.get(name), accept=accept)},
            start,
            limit=limit,
            budgets={name: MAX_SCANNED},
        )
        return WindowPage(
            windows=_sorted(self.records(page.found, wanted)),
            next=write_cursor(page.positions) if page.positions else None,
        )

    def steps(
        self,
        wanted: WindowFilter,
        *,
        limit: int,
        after: Position | None,
        accept: Accept,
        read: Iterable[Item] | None = None,
    ) -> Iterator[Step[Item]]:
        """Yield the index entries after a position, of which a page shows at most `limit`.

        Looking at one costs 1. Raises `UserError` if the position is not one of `listing(wanted)`.
        Without a position they may be those of `read`, which `read_all` returned.
        """
        attributes = TABLE_KEY if wanted.creator is not None else PLACE
        if after is not None and after.keys() != set(attributes):
            msg = "not a cursor of this listing: start again without --after"
            raise UserError(msg)
        entries = self._entries(wanted, after, limit + 1, accept) if read is None else read
        for entry in entries:
            yield Step(
                at=str(entry[table.CLOSED_AT]),
                position={name: str(entry[name]) for name in attributes},
                found=entry if wanted.selects(entry) and accept(entry) else None,
            )

    def records(self, entries: Iterable[Item], wanted: WindowFilter) -> list[WindowRecord]:
        """Return the windows of index entries, in their order, that still match."""
        items = entries if wanted.finds_items else self._table.full_items(entries)
        return [window for window in map(window_record, items) if wanted.matches(window)]

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
        here = dict(zip(PLACE, place(item), strict=True))
        entry = next(self._by_time(WindowFilter(has_failures=True), here, PAGE), None)
        return next(map(window_record, self._table.full_items([entry])), None) if entry else None

    def newer(
        self, wanted: WindowFilter, since: datetime, *, limit: int = PAGE
    ) -> list[WindowRecord]:
        """Return windows that closed at `since` or later, newest first; cheap enough to poll."""
        wanted = msgspec.structs.replace(wanted, since=since)
        if wanted.creator is not None:
            return self.list_page(wanted, limit=limit).windows
        entries = self._looked_up(islice(self._by_time(wanted, None, limit), _MAX_NEWER), wanted)
        found = islice(filter(wanted.selects, entries), limit)
        return _sorted(self.records(found, wanted))

    def entries(self, wanted: WindowFilter) -> Iterator[Item]:
        """Yield the index entries of all windows, newest first (see `finds_items`)."""
        return filter(wanted.selects, self.read_all(wanted))

    def read_all(self, wanted: WindowFilter) -> Iterator[Item]:
        """Yield what is read for `entries`, which also has entries that do not match."""
        yield from self._entries(wanted, None, None, lambda _: True)

    def every(
        self, wanted: WindowFilter, accept: Accept = lambda _: True
    ) -> Iterator[WindowRecord]:
        """Yield all windows, newest first; pages are requested when they are needed."""
        entries = filter(accept, self.entries(wanted))
        items = entries if wanted.finds_items else self._table.full_items(entries)
        return (window for window in map(window_record, items) if wanted.matches(window))

    def named(self, window_ids: Iterable[str]) -> list[WindowRecord]:
        """Return the windows with these ids, in their order, without those that are gone.

        Reads 100 windows a request. Raises `DecodeError` for an invalid id.
        """
        parts = map(split_window_id, window_ids)
        keys = [dict(zip(TABLE_KEY, (key, table.window_item(n)), strict=True)) for key, n in parts]
        return list(map(window_record, self._table.full_items(keys)))

    def _entries(
        self, wanted: WindowFilter, after: Position | None, limit: int | None, accept: Accept
    ) -> Iterable[Item]:
        """Yield items, or index entries, after a position; all, or the newest `limit`."""
        if wanted.creator is not None:
            return self._of_creator(creator_key(wanted.creator), wanted, after)
        if wanted.batch_id is not None:
            found = older(self._of_batch(wanted, wanted.batch_id), after)
            if wanted.needs_items:
                waiting = (each for each in found if each["status"] in wanted.stored_statuses)
                return self._looked_up(sorted(waiting, key=place, reverse=True), wanted)
            chosen = (each for each in found if wanted.selects(each))
            accepted = filter(accept, chosen)
            if limit is None:
                return sorted(accepted, key=place, reverse=True)
            return heapq.nlargest(limit, accepted, key=place)
        return self._looked_up(self._by_time(wanted, after, limit or _ENTRIES_PER_READ), wanted)

    def _looked_up(self, entries: Iterable[Item], wanted: WindowFilter) -> Iterable[Item]:
        """Return index entries, or their items if a filter needs them."""
        return self._table.full_items(entries) if wanted.needs_items else entries

    def _by_time(self, wanted: WindowFilter, after: Position | None, limit: int) -> Iterator[Item]:
        # In the order of a window's life: one that moves on meanwhile is met twice, not missed.
        at_once = _ENTRIES_PER_READ if wanted.is_narrow else limit
        stored = wanted.stored_statuses
        listings = [self._in_status(status, wanted, at_once, after) for status in stored]
        return older(merged(listings), after)

    def _of_creator(self, key: str, wanted: WindowFilter, after: Position | None) -> Iterator[Item]:
        conditions = {"#status": wanted.ended_status, "#batch_id": wanted.batch_id}
        given = {name: str(value) for name, value in conditions.items() if value is not None}
        found = self._table.query(
            KeyConditionExpression="creator_name = :key AND begins_with(#item, :window)",
            ExpressionAttributeNames={"#item": table.SORT_KEY, **{n: n[1:] for n in given}},
            ExpressionAttributeValues=to_wire(
                {":key": key, ":window": "window#"} | {f":{n[1:]}": v for n, v in given.items()}
            ),
            ScanIndexForward=False,
            **_filtered(given),
            **({"ExclusiveStartKey": to_wire(after)} if after else {}),
        )
        return takewhile(wanted.may_precede, found)

    def _of_batch(self, wanted: WindowFilter, batch_id: str) -> Iterator[Item]:
        given = {"#status": str(wanted.ended_status)} if wanted.ended_status else {}
        return self._table.query(
            IndexName=table.BATCH_INDEX,
            KeyConditionExpression="batch_id = :batch AND begins_with(#item, :window)",
            **_read(wanted),
            ExpressionAttributeValues=to_wire(
                {":batch": batch_id, ":window": "window#"}
                | {f":{n[1:]}": v for n, v in given.items()}
            ),
            **_filtered(given),
        )

    def _in_status(
        self, status: WindowStatus, wanted: WindowFilter, at_once: int, after: Position | None
    ) -> Iterator[Item]:
        latest = [after[table.CLOSED_AT]] if after else []
        latest += [iso_second(wanted.until)] if wanted.until else []
        # From the day on, because windows of older versions have a date only in the index.
        values = {
            ":status": str(status),
            ":first": iso_second(wanted.since)[:10] if wanted.since else "0",
            ":last": min(latest, default="~"),
        }
        if values[":first"] > values[":last"]:
            return
        request = {
            "IndexName": table.STATUS_INDEX,
            "KeyConditionExpression": f"#status = :status AND #{table.CLOSED_AT} {_BETWEEN}",
            **_read(wanted),
            "ExpressionAttributeValues": to_wire(values),
            "ScanIndexForward": False,
        }
        entries = list(islice(self._table.query(**request, Limit=at_once), at_once))
        yield from entries
        if len(entries) == at_once:
            # More than a page at once: a batch often closes thousands of windows in one second.
            last = {name: entries[-1][name] for name in ("status", *PLACE)}
            yield from self._table.query(
                **request, Limit=_ENTRIES_PER_READ, ExclusiveStartKey=to_wire(last)
            )


def _sorted(windows: list[WindowRecord]) -> list[WindowRecord]:
    """Return windows newest first; only those of older versions are not yet (`table.closed_at`)."""
    return sorted(windows, key=lambda window: window.closed_at[:19], reverse=True)


def listing(wanted: WindowFilter) -> str:
    """Return the name of a filter's listing, which its cursors have."""
    if wanted.creator is not None:
        return "creator"
    return "batch" if wanted.batch_id is not None else "time"


def _read(wanted: WindowFilter) -> dict[str, Any]:
    """Return which attributes of index entries to read: whole ones of thousands take long."""
    names = dict.fromkeys((*PLACE, *wanted.attributes, _ACCEPTED_BY))
    return {
        "ProjectionExpression": ", ".join(f"#{name}" for name in names),
        "ExpressionAttributeNames": {f"#{name}": name for name in names},
    }


def _filtered(given: dict[str, str]) -> dict[str, Any]:
    """Return the filter that attributes equal values; empty if there are none."""
    if not given:
        return {}
    return {"FilterExpression": " AND ".join(f"{name} = :{name[1:]}" for name in given)}
