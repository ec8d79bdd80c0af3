"""Reads a MySQL table again and again, each time what is new. Edge (MySQL).

In a table with an increasing primary key, most reads go by that key alone, so they cost no more
than the new rows. A full read, of the whole overlap, follows after a part of the overlap. Without
such a key every read is a full one. Rows that this process has sent already are left out, by a hash
of their values.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import date, datetime, timedelta

import msgspec

from stream_ingest.contracts.errors import CoverstreamError
from stream_ingest.push.marks import KeyMark, Mark, Wish, plan_reading, seed_moment
from stream_ingest.sources.mysql.table import MySqlSource
from stream_ingest.sources.source import Cursor, NotResumableError, Page, Selection
from stream_ingest.sources.source_options import SourceOptions
from stream_ingest.sources.timerange import TimeRange, parse_range

_QUICK_OVERLAP = timedelta(minutes=10)
"""Reads by key start this long before the newest key: a transaction may commit a key late."""
_FULL_READS = 24
"""Full reads in the time of one overlap."""
_MAX_SENT = 500_000
"""Number of hashes in each of two generations: up to 70 MB."""

_LOG = logging.getLogger(__name__)


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """One read of the table; a part of each cursor, so that a resumed batch continues in it."""

    selection: Selection
    ends_at: datetime
    """The database's time before the read, to which the mark moves after it."""
    keys: tuple[KeyMark, ...]
    is_done: bool = False

    @property
    def day(self) -> date:
        """The day of the batch that its rows belong to, on the database's clock."""
        return self.ends_at.date()

    def cursor(self, inner: Cursor) -> Cursor:
        """Return the cursor after a page of this read."""
        return (msgspec.json.encode(self), *inner)


def read_of(cursor: Cursor) -> Read:
    """Return the read that a cursor is in."""
    return msgspec.json.decode(cursor[0], type=Read)


class SentRows:
    """Hashes of the rows that this process has sent; the oldest are dropped."""

    def __init__(self) -> None:
        """Begin with no rows."""
        self._current: set[int] = set()
        self._previous: set[int] = set()

    def new_in(self, page: Page) -> list[int]:
        """Return the positions of the rows that were not sent yet, and remember them."""
        found = []
        for index, row in enumerate(page.rows):
            number = hash(row)
            if number not in self._current:
                if number not in self._previous:
                    found.append(index)
                self._current.add(number)
        if len(self._current) > _MAX_SENT:
            self._previous, self._current = self._current, set()
        return found

    def clear(self) -> None:
        """Forget all rows: some that were read may not have been accepted."""
        self._current.clear()
        self._previous.clear()


class TableReads:
    """An endless source of pages. It has the mark as it is after what was read so far."""

    def __init__(  # noqa: PLR0913 - what a read depends on
        self,
        chosen: SourceOptions,
        mark: Mark | None,
        *,
        start: str | None,
        sent: SentRows,
        wait: Callable[[], Awaitable[None]],
        failed: Callable[[Exception], Awaitable[None]],
    ) -> None:
        """Call `wait` between two reads, and `failed`, which waits longer, after an error.

        Without a mark, read rows from `start` on, or all.
        """
        self._start = start
        self._chosen, self._overlap = chosen, chosen.overlap_span()
        if mark is not None and mark.timezone != chosen.timezone:
            mark = mark.in_zone(chosen.timezone)
        self._mark, self._sent, self._wait, self._failed = mark, sent, wait, failed
        self._noted: set[str] = set()
        self.starts_over = False
        """Whether the first read is planned anew, because its local times were in another zone."""
        self._full_at: datetime | None = None
        self.ends_after: date | None = None
        """The day after whose rows the source ends; None while no batch is open."""
        self.ends_with_read = False
        """Whether the source ends after a read with rows."""

    async def check(self) -> None:
        """Find nothing wrong: an error of the database is waited out."""

    async def pages(self, after: Cursor | None = None) -> AsyncGenerator[Page]:
        """Yield pages with new rows, and after each read an empty one that ends it."""
        is_continued = after is not None and not self.starts_over
        read = read_of(after) if after and is_continued else None
        inner = after[1:] if after and is_continued else ()
        has_rows = after is not None
        while True:
            try:
                if read is None:
                    read, inner = await self._next_read(), ()
                    if self.ends_after and read.day > self.ends_after:
                        return
                if not read.is_done:
                    async with aclosing(self._source(read).pages(inner or None)) as pages:
                        async for page in pages:
                            inner = page.cursor
                            if new := self._new_rows(page, read):
                                has_rows = True
                                yield new
            except CoverstreamError as error:
                inner = await self._place_after(error, inner)
                continue
            done = msgspec.structs.replace(read, is_done=True)
            yield Page(rows=[], cursor=done.cursor(()), ends_read=True)
            self._advance(read)
            is_new, read = not read.is_done, None
            if self.ends_with_read and has_rows:
                return
            if is_new:  # not one that an earlier process has read
                await self._wait()

    async def _place_after(self, error: CoverstreamError, inner: Cursor) -> Cursor:
        """Return where a read continues after an error, which is waited out.

        A table without a key is read from its beginning: rows that were sent are left out or known.
        """
        if isinstance(error, NotResumableError):
            return ()
        await self._failed(error)
        return inner

    def _source(self, read: Read) -> MySqlSource:
        return self._chosen.mysql_source(read.selection)

    async def _next_read(self) -> Read:
        """Plan the next read, a quick one if possible."""
        now = (await self._chosen.mysql_source(Selection()).snapshot()).now
        full_every = self._overlap / _FULL_READS
        is_full = self._full_at is None or now - self._full_at >= full_every
        overlap = self._overlap if is_full else min(self._overlap, _QUICK_OVERLAP)
        since = self._mark.until - overlap if self._mark else None
        if self._mark is None and self._start:
            since = parse_range(self._start, None, now, None).since
        wish = Wish(within=TimeRange(since=since), last_push=True, overlap=overlap)
        snapshot = await self._chosen.mysql_source(Selection()).snapshot(seed_moment(wish, now))
        reading = plan_reading(wish, self._mark, snapshot)
        for note in reading.notes:
            if note not in self._noted:
                self._noted.add(note)
                _LOG.info("%s", note)
        selection = reading.selection
        if selection.late_after is not None and not is_full:
            selection = msgspec.structs.replace(selection, by_key=True)
        return Read(selection=selection, ends_at=reading.ends_at, keys=reading.keys)

    def _advance(self, read: Read) -> None:
        """Move the mark after a read. One that was only planned, for a batch's end, is no read."""
        if not read.selection.by_key:
            self._full_at = read.ends_at
        if self._mark is None:
            self._mark = Mark(until=read.ends_at, keys=read.keys, timezone=self._chosen.timezone)
        else:
            self._mark = self._mark.advanced(read.ends_at, read.keys, self._chosen.timezone)

    def _new_rows(self, page: Page, read: Read) -> Page | None:
        """Return the page without rows that were sent; None if none is left."""
        new = self._sent.new_in(page)
        if not new:
            return None
        return Page(
            rows=[page.rows[index] for index in new],
            cursor=read.cursor(page.cursor),
            again=frozenset(place for place, index in enumerate(new) if index in page.again),
        )
