"""The list of failures: partial and failed windows, then refused rows. Edge (DynamoDB, S3).

Both are newest first. Totals and lists read index entries and part files up to a limit, and say if
there is more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

import msgspec

from ops_dashboard.inspect.discards import Discards
from ops_dashboard.inspect.failure import Failure, of_row, of_window
from ops_dashboard.inspect.refused_rows import RefusedFilter, RefusedRows
from ops_dashboard.inspect.window_filter import WindowFilter, reasons
from ops_dashboard.inspect.window_pages import Accept, WindowPages
from stream_ingest.aws.items import Item
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.naming import window_id

MAX_COUNTED = 20_000
"""Windows that are counted for totals."""
MAX_NAMED = 2_000
"""Windows that can be chosen at once."""
_WINDOWS, _ROWS = "windows.", "rows."
"""Beginnings of cursors: the part of the list that is continued."""


class FailureFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which failures to list; a part is None if none of its failures can match."""

    windows: WindowFilter | None
    rows: RefusedFilter | None
    discarded: bool = False
    """The discarded windows, instead of all others."""


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
    """Ids of windows, the newest `MAX_NAMED`; `complete` is False if there are more."""

    ids: list[str]
    complete: bool


_NONE = Totals(total=0, by_reason={}, complete=True)


class FailureList:
    """Lists the failures of one stack."""

    def __init__(self, pages: WindowPages, rows: RefusedRows, discards: Discards) -> None:
        """Read windows and rows of one stack."""
        self._pages, self._rows, self._discards = pages, rows, discards

    def list_page(self, wanted: FailureFilter, *, limit: int, after: str | None) -> FailurePage:
        """Return the failures after cursor `after`; raises `UserError` if it is invalid.

        A page may have fewer than `limit` failures, or none, and still have a next page.
        """
        if after is not None and not after.startswith((_WINDOWS, _ROWS)):
            msg = f"not a cursor of this listing: {after[:40]!r}"
            raise UserError(msg)
        found: list[Failure] = []
        if wanted.windows is not None and (after is None or after.startswith(_WINDOWS)):
            start = after.removeprefix(_WINDOWS) if after else None
            page = self._pages.list_page(
                wanted.windows, limit=limit, after=start, accept=self._accept(wanted)
            )
            found = list(map(of_window, page.windows))
            if page.next is not None:
                return FailurePage(failures=found, next=_WINDOWS + page.next)
        if wanted.rows is None:
            return FailurePage(failures=found)
        if len(found) == limit:
            return FailurePage(failures=found, next=_ROWS)
        start = (after or "").removeprefix(_ROWS) if (after or "").startswith(_ROWS) else ""
        rows = self._rows.list_page(wanted.rows, limit=limit - len(found), after=start or None)
        return FailurePage(
            failures=[*found, *map(of_row, rows.rows)],
            next=_ROWS + rows.next if rows.next else None,
        )

    def totals(self, wanted: FailureFilter) -> FailureTotals:
        """Count the failures by reason."""
        rows = _NONE
        if wanted.rows is not None:
            count = self._rows.count(wanted.rows)
            rows = Totals(
                total=sum(count.by_reason.values()),
                by_reason=count.by_reason,
                complete=count.complete,
            )
        return FailureTotals(windows=self._window_totals(wanted), rows=rows)

    def ids(self, wanted: FailureFilter) -> NamedFailures:
        """Return the ids of the newest windows."""
        found = [_id_of(each) for each in islice(self._entries(wanted), MAX_NAMED + 1)]
        return NamedFailures(ids=found[:MAX_NAMED], complete=len(found) <= MAX_NAMED)

    def every(self, wanted: FailureFilter) -> Iterator[Failure]:
        """Yield all failures; pages are requested when they are needed."""
        if wanted.windows is not None:
            windows = self._pages.every(wanted.windows, self._accept(wanted))
            yield from map(of_window, windows)
        if wanted.rows is not None:
            yield from map(of_row, self._rows.every(wanted.rows))

    def _window_totals(self, wanted: FailureFilter) -> Totals:
        counts: Counter[str] = Counter()
        total = 0
        for entry in islice(self._entries(wanted), MAX_COUNTED + 1):
            if total == MAX_COUNTED:
                return Totals(total=total, by_reason=dict(counts.most_common()), complete=False)
            failures = entry.get("failures")
            counts.update(
                reasons(failures if isinstance(failures, dict) else {}, entry.get("error"))
            )
            total += 1
        return Totals(total=total, by_reason=dict(counts.most_common()), complete=True)

    def _entries(self, wanted: FailureFilter) -> Iterator[Item]:
        if wanted.windows is None:
            return iter(())
        return filter(self._accept(wanted), self._pages.entries(wanted.windows))

    def _accept(self, wanted: FailureFilter) -> Accept:
        is_discarded = self._discards.of()
        return lambda entry: is_discarded(entry) == wanted.discarded


def _id_of(entry: Item) -> str:
    number = table.window_number(str(entry[table.SORT_KEY]))
    return window_id(str(entry[table.PARTITION_KEY]), number)
