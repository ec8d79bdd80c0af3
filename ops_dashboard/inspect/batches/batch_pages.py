"""The list of batches, newest first, in pages and filtered. Edge (DynamoDB, S3).

`status-date-index` has the batches of each status by the moment at which they were registered. A
page merges those lists and reads the batches' items. Whatever is asked for, one call looks at no
more than `MAX_SEARCHED` batches; a page that found less than it may show says where to go on.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from itertools import groupby, islice
from typing import TYPE_CHECKING

import msgspec

from ops_dashboard.inspect.batches.batch_figures import NO_WINDOWS
from ops_dashboard.inspect.batches.batch_filter import BatchFilter
from ops_dashboard.inspect.batches.batch_rows import BatchRow, batch_row, unreadable_row
from ops_dashboard.inspect.batches.batch_windows import BatchWindows
from ops_dashboard.inspect.cursors import Position, read_cursor, write_cursor
from ops_dashboard.inspect.table_reader import TableReader
from stream_ingest.aws.items import Item, to_wire
from stream_ingest.batches.batch_item import read_batch
from stream_ingest.batches.progress import ENDED_BATCHES, Batch
from stream_ingest.batches.results.summary import BatchSummary
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UnreadableItemError, UserError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

PAGE = 25
MAX_SEARCHED = 104
"""Number of batches that one call looks at, at most."""
_CHUNK = PAGE + 1
_ENTRIES_PER_REQUEST = 100
_ENDED_LIFETIME_S = 60.0
"""For how long the figures of an ended batch are kept: only a retry changes them."""
_MAX_KEPT = 2_000
_PLACE = (table.CLOSED_AT, table.PARTITION_KEY)

ReadSummary = Callable[[Batch], BatchSummary | None]
"""Returns the stored summary of a batch that has ended; None if there is none (any more)."""


class BatchPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some batches of a list; `next` is the cursor of the next page, None on the last."""

    batches: list[BatchRow]
    next: str | None = None
    searched_to: str | None = None
    """When the last batch was registered that was looked at, if the search stopped before the page
    was full: `next` goes on from there."""


class BatchPages:
    """Lists the batches of one stack. Safe to share between threads."""

    def __init__(  # noqa: PLR0913 - what it reads from
        self,
        dynamodb: DynamoDBClient,
        table_name: str,
        *,
        windows: BatchWindows,
        summary: ReadSummary,
        threads: Executor,
        clock: Callable[[], float] = time.time,
        pages_per_batch: int = 1,
    ) -> None:
        """`threads` read the windows of several batches at once; `clock` gives epoch seconds.

        Of each batch `pages_per_batch` pages of windows are read, of some 3,000 each. If there are
        more, its `summary` is shown once it has ended.
        """
        self._table = TableReader(dynamodb, table_name)
        self._windows, self._summary = windows, summary
        self._threads, self._clock, self._pages = threads, clock, pages_per_batch
        self._ended: dict[str, tuple[float, BatchRow]] = {}
        """By batch id: when the entry expires (monotonic clock), and the entry."""

    def list_page(
        self, wanted: BatchFilter, *, limit: int = PAGE, after: str | None = None
    ) -> BatchPage:
        """Return up to `limit` batches after a cursor; raises `UserError` if it is invalid."""
        entries = self._entries(wanted, _position(after))
        rows: list[BatchRow] = []
        searched, last = 0, None
        while len(rows) <= limit and searched < MAX_SEARCHED:
            size = _CHUNK if searched else min(limit + 1, _CHUNK)
            part = list(islice(entries, size))
            searched += len(part)
            for entry, row in zip(part, self._matching(part, wanted), strict=True):
                if row is not None and len(rows) == limit:
                    return BatchPage(batches=rows, next=_cursor(last))
                last = entry
                rows += [row] if row is not None else []
            if len(part) < size:
                return BatchPage(batches=rows)
        found_less = len(rows) < limit and last is not None
        to = str(last[table.CLOSED_AT]) if last and found_less else None
        return BatchPage(batches=rows, next=_cursor(last), searched_to=to)

    def every(self, wanted: BatchFilter) -> Iterator[BatchRow]:
        """Yield all batches; pages are requested when they are needed."""
        after = None
        while True:
            page = self.list_page(wanted, after=after)
            yield from page.batches
            after = page.next
            if after is None:
                return

    def _row(self, batch: Batch) -> BatchRow:
        """Return the row of a batch; that of one that has ended is kept for a minute."""
        expires_at_s, row = self._ended.get(batch.batch_id, (0.0, None))
        if row is not None and time.monotonic() < expires_at_s:
            return row
        row = self._read_row(batch)
        if not row.outcome.kind.is_open:
            if len(self._ended) >= _MAX_KEPT:
                self._ended.clear()
            self._ended[batch.batch_id] = (time.monotonic() + _ENDED_LIFETIME_S, row)
        return row

    def _read_row(self, batch: Batch) -> BatchRow:
        figures = NO_WINDOWS
        if batch.status not in ENDED_BATCHES or batch.counted is None or batch.counted.windows:
            figures = self._windows.read(batch.batch_id, self._pages)
        summary = None if figures.is_complete else self._summary(batch)
        return batch_row(batch, figures, summary, int(self._clock()))

    def _entries(self, wanted: BatchFilter, after: Position | None) -> Iterator[Item]:
        """Yield the index entries of batches, the newest first, after a position."""
        until = min(wanted.until, after[table.CLOSED_AT]) if after else wanted.until
        if until < wanted.first_day:  # which DynamoDB refuses
            return
        lists = (self._in_status(status, wanted.first_day, until) for status in wanted.statuses())
        merged = filter(wanted.may_include, heapq.merge(*lists, key=_place, reverse=True))
        last = _place(after) if after else None
        for place, same in groupby(merged, key=_place):  # one that moves on meanwhile is met twice
            if last is None or place < last:
                yield next(same)

    def _in_status(self, status: str, since: str, until: str) -> Iterator[Item]:
        entries = self._table.query(
            IndexName=table.STATUS_INDEX,
            KeyConditionExpression="#status = :status AND #at BETWEEN :since AND :until",
            ExpressionAttributeNames={"#status": "status", "#at": table.CLOSED_AT},
            ExpressionAttributeValues=to_wire(
                {":status": status, ":since": since, ":until": until}
            ),
            ScanIndexForward=False,
            Limit=_ENTRIES_PER_REQUEST,
        )
        return _sorted(each for each in entries if each[table.SORT_KEY] == table.BATCH)

    def _matching(self, entries: list[Item], wanted: BatchFilter) -> list[BatchRow | None]:
        """Return the row of each entry's batch; None if it does not match or is gone."""
        items = {item[table.PARTITION_KEY]: item for item in self._table.full_items(entries)}
        found = [items.get(entry[table.PARTITION_KEY]) for entry in entries]
        return list(self._threads.map(lambda item: self._match(item, wanted), found))

    def _match(self, item: Item | None, wanted: BatchFilter) -> BatchRow | None:
        if item is None or not wanted.includes(item):
            return None
        try:
            batch = read_batch(item)
        except UnreadableItemError as error:
            row = unreadable_row(error, str(item.get(table.CLOSED_AT, "")))
        else:
            row = self._row(batch)
        return row if not wanted.kinds or row.outcome.kind in wanted.kinds else None


def _position(after: str | None) -> Position | None:
    """Return the position in a cursor; raises `UserError` if it is not one of this list."""
    position = read_cursor(after, {"batches"}).get("batches")
    if position is not None and position.keys() != set(_PLACE):
        msg = "not a cursor of the list of batches"
        raise UserError(msg)
    return position


def _cursor(last: Item | None) -> str | None:
    return write_cursor({"batches": {name: str(last[name]) for name in _PLACE}}) if last else None


def _place(entry: Item) -> tuple[str, ...]:
    return tuple(str(entry[name]) for name in _PLACE)


def _sorted(entries: Iterable[Item]) -> Iterator[Item]:
    """Yield entries that come by time, those of one second by key, too."""
    for _, found in groupby(entries, key=lambda entry: str(entry[table.CLOSED_AT])):
        yield from sorted(found, key=_place, reverse=True)
