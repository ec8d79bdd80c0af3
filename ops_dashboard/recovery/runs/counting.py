"""Counts the windows of runs that have been built again. Edge (DynamoDB, by its parts).

A check reads at most `PAGES_PER_CHECK` pages of a hundred windows, whatever the size of the run. So
a large run's figures are behind by some minutes, and become exact once all its pages are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache

from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.inspect.windows import WindowReader
from ops_dashboard.recovery.runs.run import (
    NEEDS_ITS_PROCESS,
    ChosenWindow,
    Run,
    WindowChange,
    changes_count,
    changes_of,
    count_page,
    ended_if_done,
    is_counted,
)
from ops_dashboard.recovery.runs.store import RunStore
from stream_ingest.contracts.errors import ConflictError, NotFoundError

PAGES_PER_CHECK = 3
_CACHED_PAGES = 512


class RunCounter:
    """Brings the figures of runs up to date. Safe to share between threads."""

    def __init__(self, store: RunStore, windows: WindowReader, now: Callable[[], datetime]) -> None:
        """Read windows with `windows`."""
        self._store, self._windows, self._now = store, windows, now
        self._page = lru_cache(_CACHED_PAGES)(store.page)  # a page never changes

    def check(self, run: Run) -> Run:
        """Count some of a run's windows and return it as it is now; writes it if that differs.

        What another process writes meanwhile is kept: it counts, too.
        """
        if not is_counted(run, self._now()):
            return run
        after = run
        for page in run.pending[:PAGES_PER_CHECK]:
            chosen = self._page(run.name, page)
            after = count_page(after, page, len(chosen), self._found(chosen).values())
        after = ended_if_done(after)
        is_changed = changes_count(run, after)
        if not is_changed and len(run.pending) <= PAGES_PER_CHECK:
            return after
        # To look at other pages next is no news of a run, nor is a count a sign of its process.
        is_news = is_changed and run.state not in NEEDS_ITS_PROCESS
        try:
            return self._store.save(after, is_news=is_news)
        except ConflictError:
            return self._store.load(run.name)

    def changes(self, name: str, page: int) -> tuple[Run, list[WindowChange]]:
        """Return a run, and a page of its windows before it and now.

        Raises `NotFoundError` if there is no such run or page.
        """
        run = self._store.load(name)
        if not 0 <= page < max(run.pages, 1):
            msg = f"{name} has no page {page}"
            raise NotFoundError(msg)
        chosen = self._page(name, page)
        return run, changes_of(run, chosen, self._found(chosen))

    def _found(self, chosen: Sequence[ChosenWindow]) -> dict[str, WindowRecord]:
        found = self._windows.find_all([each.window_id for each in chosen])
        return {window.window_id: window for window in found}
