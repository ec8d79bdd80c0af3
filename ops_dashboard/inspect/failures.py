"""The list of failures: partial and failed windows, and refused rows. Edge (DynamoDB, S3).

It is newest first over both: a window has the time at which it closed, a row that at which it was
stored. Totals and lists read index entries and part files up to a limit, and say if there is more.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

import msgspec

from ops_dashboard.inspect.cursors import read_cursor, write_cursor
from ops_dashboard.inspect.discards import Discards
from ops_dashboard.inspect.failure import Failure, RefusedRow, of_row, of_window
from ops_dashboard.inspect.merging import Step, merge_page
from ops_dashboard.inspect.refused_rows import AcceptRow, RefusedFilter, RefusedRows
from ops_dashboard.inspect.shared_reads import SharedReads
from ops_dashboard.inspect.window_filter import WindowFilter, reasons
from ops_dashboard.inspect.window_pages import MAX_SCANNED, PAGE, Accept, WindowPages, listing
from stream_ingest.aws.items import Item
from stream_ingest.contracts import table
from stream_ingest.contracts.naming import window_id

MAX_COUNTED = 20_000
"""Windows that are counted for totals."""
MAX_NAMED = 2_000
"""Windows, and rows, that can be chosen at once."""
MAX_PARTS = 30
"""Part files of refused rows that a page reads."""
_ROWS = "rows"
"""Name of their listing in a cursor."""


class FailureFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which failures to list; a part is None if none of its failures can match."""

    windows: WindowFilter | None
    rows: RefusedFilter | None
    discarded: bool = False
    """The discarded ones, instead of all others."""


class FailurePage(msgspec.Struct, frozen=True, kw_only=True):
    """Some failures; `next` is the cursor of the next page, None on the last."""

    failures: list[Failure]
    next: str | None = None


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Failures of one kind, by reason: a window counts for each of its reasons."""

    total: int
    by_reason: dict[str, int]
    complete: bool
    """False if there are more than were counted."""


class FailureTotals(msgspec.Struct, frozen=True, kw_only=True):
    """Windows with failures, and refused rows."""

    windows: Totals
    rows: Totals


class NamedFailures(msgspec.Struct, frozen=True, kw_only=True):
    """Ids of the newest windows and rows, `MAX_NAMED` of each at most."""

    ids: list[str]
    """Of windows."""
    rows: list[str]
    complete: bool
    """False if there are more."""


_NONE = Totals(total=0, by_reason={}, complete=True)


class FailureList:
    """Lists the failures of one stack."""

    def __init__(
        self,
        pages: WindowPages,
        rows: RefusedRows,
        discards: Discards,
        *,
        with_totals: bool = True,
    ) -> None:
        """Read windows and rows of one stack.

        `with_totals`: whether totals are wanted beside lists, so that both share what they read.
        """
        self._pages, self._rows, self._discards = pages, rows, discards
        self._with_totals = with_totals
        self._reads = SharedReads[Item](time.monotonic, MAX_SCANNED)

    def list_page(self, wanted: FailureFilter, *, limit: int, after: str | None) -> FailurePage:
        """Return the failures after cursor `after`; raises `UserError` if it is invalid.

        A page may have fewer than `limit` failures, or none, and still have a next page.
        """
        sources: dict[str, Iterator[Step[Item | RefusedRow]]] = {}
        names = {_ROWS} | ({listing(wanted.windows)} if wanted.windows is not None else set())
        start = read_cursor(after, names)
        if wanted.windows is not None:
            name = listing(wanted.windows)
            sources[name] = self._pages.steps(
                wanted.windows,
                limit=limit,
                after=start.get(name),
                accept=self._accept(wanted),
                read=(
                    self._read(wanted.windows, "list")
                    if self._with_totals and after is None
                    else None
                ),
            )
        if wanted.rows is not None:
            sources[_ROWS] = self._rows.steps(
                wanted.rows, after=start.get(_ROWS), accept=self._accept_row(wanted)
            )
        budgets = dict.fromkeys(sources, MAX_SCANNED) | {_ROWS: MAX_PARTS}
        page = merge_page(sources, start, limit=limit, budgets=budgets)
        return FailurePage(
            failures=self._failures(page.found, wanted),
            next=write_cursor(page.positions) if page.positions else None,
        )

    def _failures(self, found: list[Item | RefusedRow], wanted: FailureFilter) -> list[Failure]:
        """Return what was found as failures, without windows that have moved on meanwhile."""
        rows = [of_row(each) for each in found if isinstance(each, RefusedRow)]
        windows: list[Failure] = []
        if wanted.windows is not None:
            entries = [each for each in found if not isinstance(each, RefusedRow)]
            windows = list(map(of_window, self._pages.records(entries, wanted.windows)))
        # Again, because an index has only the day of windows of older versions.
        return sorted([*windows, *rows], key=lambda failure: failure.at, reverse=True)

    def newer(self, wanted: FailureFilter, since: datetime) -> list[Failure]:
        """Return failures of the second of `since` or later, some of the newest of each kind.

        Cheap enough to poll: reads at most `MAX_PARTS` part files, and knows those that were there
        a minute ago.
        """
        since = since.replace(microsecond=0)  # as windows and part files have their times
        windows = self._pages.newer(wanted.windows, since) if wanted.windows is not None else []
        rows: list[RefusedRow] = []
        if wanted.rows is not None:
            new = msgspec.structs.replace(wanted.rows, since=since)
            rows = self._rows.newer(new, self._accept_row(wanted), parts=MAX_PARTS, limit=PAGE)
        return [*map(of_window, windows), *map(of_row, rows)]

    def totals(self, wanted: FailureFilter) -> FailureTotals:
        """Count the failures by reason."""
        rows = _NONE
        if wanted.rows is not None:
            count = self._rows.count(wanted.rows, self._accept_row(wanted))
            rows = Totals(
                total=sum(count.by_reason.values()),
                by_reason=count.by_reason,
                complete=count.complete,
            )
        return FailureTotals(windows=self._window_totals(wanted), rows=rows)

    def ids(self, wanted: FailureFilter) -> NamedFailures:
        """Return the ids of the newest windows and rows."""
        windows = [_id_of(each) for each in islice(self._entries(wanted, "ids"), MAX_NAMED + 1)]
        rows, complete = list[str](), True
        if wanted.rows is not None:
            accept = self._accept_row(wanted)
            rows, complete = self._rows.ids(wanted.rows, accept, limit=MAX_NAMED)
        complete = complete and len(windows) <= MAX_NAMED
        return NamedFailures(ids=windows[:MAX_NAMED], rows=rows, complete=complete)

    def every(self, wanted: FailureFilter) -> Iterator[Failure]:
        """Yield all failures; pages are requested when they are needed."""
        kinds: list[Iterator[Failure]] = []
        if wanted.windows is not None:
            windows = self._pages.every(wanted.windows, self._accept(wanted))
            kinds.append(map(of_window, windows))
        if wanted.rows is not None:
            rows = self._rows.every(wanted.rows, self._accept_row(wanted))
            kinds.append(map(of_row, rows))
        return heapq.merge(*kinds, key=lambda failure: failure.at, reverse=True)

    def _window_totals(self, wanted: FailureFilter) -> Totals:
        counts: Counter[str] = Counter()
        total = 0
        for entry in islice(self._entries(wanted, "totals"), MAX_COUNTED + 1):
            if total == MAX_COUNTED:
                return Totals(total=total, by_reason=dict(counts.most_common()), complete=False)
            failures = entry.get("failures")
            counts.update(
                reasons(failures if isinstance(failures, dict) else {}, entry.get("error"))
            )
            total += 1
        return Totals(total=total, by_reason=dict(counts.most_common()), complete=True)

    def _entries(self, wanted: FailureFilter, reader: str) -> Iterator[Item]:
        if wanted.windows is None:
            return iter(())
        read = self._read(wanted.windows, reader)
        return filter(self._accept(wanted), filter(wanted.windows.selects, read))

    def _read(self, wanted: WindowFilter, reader: str) -> Iterator[Item]:
        """Return all index entries: list and totals of a page share them."""
        return self._reads.join(wanted, reader, lambda: self._pages.read_all(wanted))

    def _accept(self, wanted: FailureFilter) -> Accept:
        is_discarded = self._discards.of()
        return lambda entry: is_discarded(entry) == wanted.discarded

    def _accept_row(self, wanted: FailureFilter) -> AcceptRow:
        is_discarded = self._discards.of_rows()
        return lambda row_id: is_discarded(row_id) == wanted.discarded


def _id_of(entry: Item) -> str:
    number = table.window_number(str(entry[table.SORT_KEY]))
    return window_id(str(entry[table.PARTITION_KEY]), number)
