"""Starts, continues and cancels replays and retries. Edge (by its parts).

The windows of a run are written before the first of them is sent, in pages of a hundred. A page is
sent, and then the run is written. So a process that dies in between sends one page twice when the
run is continued, and the collage function builds each window once for a name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import chain, islice

from msgspec.structs import replace

from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.inspect.windows import WindowReader
from ops_dashboard.recovery.rebuild import Rebuild
from ops_dashboard.recovery.replay import ArchiveReplay, lag_warning, replay_name
from ops_dashboard.recovery.runs.choosing import Order, about, chosen_windows
from ops_dashboard.recovery.runs.run import (
    OVER,
    PAGE,
    Kind,
    Run,
    Span,
    State,
    chosen_window,
    ended_if_done,
)
from ops_dashboard.recovery.runs.store import RunStore, change
from stream_ingest.contracts.errors import ConflictError, UserError

ARCHIVE_DELAY = timedelta(minutes=1)
"""An event is archived moments after its window closed, so the archive's range ends later."""

Report = Callable[[Run], None]


class RunStoppedError(UserError):
    """The run was cancelled, or continued by another process; this one must stop."""


class NothingToBuildError(UserError):
    """No window is as the order says."""


class Runner:
    """Runs replays and retries of one stack. Safe to share between threads."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        store: RunStore,
        windows: WindowReader,
        rebuild: Rebuild,
        archive: ArchiveReplay,
        owner: str,
        now: Callable[[], datetime],
    ) -> None:
        """Start runs as `owner`."""
        self._store, self._windows = store, windows
        self._rebuild, self._archive = rebuild, archive
        self._owner, self._now = owner, now

    def start(self, order: Order) -> tuple[Run, Iterator[WindowRecord]]:
        """Write a new run; return it with its windows, which `work` takes.

        Raises `NothingToBuildError`, and writes nothing, if there is no window. The archive may
        have windows that the table has lost, so a range is replayed in any case.
        """
        windows = iter(chosen_windows(self._windows, order))
        first = list(islice(windows, PAGE))
        if not first and not order.is_archive:
            msg = "there is nothing to rebuild"
            raise NothingToBuildError(msg)
        now = self._now()
        span = None
        if order.is_archive and order.since is not None:
            span = Span(start=order.since, end=order.until + ARCHIVE_DELAY)
        run = Run(
            name=replay_name(order.kind, now),
            kind=order.kind,
            about=about(order),
            owner=self._owner,
            state=State.LISTING,
            started_at=now,
            updated_at=now,
            archive=span,
            batch_id=order.batch or "",
            skip_permanent=order.kind is Kind.RETRY,
            warning=(span and lag_warning(order.until, now)) or "",
        )
        return self._store.save(run), chain(first, windows)

    def work(
        self, run: Run, windows: Iterator[WindowRecord], report: Report = lambda _: None
    ) -> Run:
        """List the windows of a new run and send them; return it in state ``building``.

        Raises `RunStoppedError` if it was cancelled meanwhile.
        """
        while page := [chosen_window(each) for each in islice(windows, PAGE)]:
            number = run.pages
            self._store.save_page(run.name, number, page)
            listed = replace(run, windows=run.windows + len(page), pending=[*run.pending, number])
            run = self._save(listed)
            report(run)
        return self._send(self._save(replace(run, state=State.SENDING)), report)

    def resume(self, name: str, report: Report = lambda _: None) -> Run:
        """Send the rest of an interrupted run; raises `UserError` if that is not possible."""
        run = self._store.load(name)
        if run.state is State.LISTING:
            msg = f"{name} was interrupted before its windows were known: start it again"
            raise UserError(msg)
        if run.state is not State.SENDING:
            msg = f"{name} is {run.state}: there is nothing to continue"
            raise UserError(msg)
        return self._send(self._save(replace(run, owner=self._owner)), report)

    def cancel(self, name: str) -> Run:
        """Stop a run: nothing more of it is sent, and what is in the queue is not built.

        Windows that were built stay as they are. Raises `UserError` if it is over. If EventBridge
        cannot be told, the run stays as it is.
        """

        def cancelled(run: Run) -> Run:
            if run.state in OVER:
                msg = f"{name} is {run.state}: there is nothing to cancel"
                raise UserError(msg)
            return replace(run, state=State.CANCELLED, cancelled_by=self._owner)

        if cancelled(self._store.load(name)).archive is not None:
            self._archive.cancel(name)
        return change(self._store, name, cancelled)

    def _send(self, run: Run, report: Report) -> Run:
        if run.archive is not None:
            self._archive.start(run.name, run.archive.start, run.archive.end)
            run = replace(run, sent=run.windows)
        else:
            first, pages = run.sent // PAGE, range(run.pages)
            for number in pages[first:]:
                run = self._save(self._sent_page(run, number))
                report(run)
        return self._save(ended_if_done(replace(run, state=State.BUILDING)))

    def _sent_page(self, run: Run, number: int) -> Run:
        ids = [each.window_id for each in self._store.page(run.name, number)]
        done = self._rebuild.send(ids, run.name, skip_permanent=run.skip_permanent)
        gone = run.gone + len(done.expired)
        return replace(run, sent=min((number + 1) * PAGE, run.windows), gone=gone)

    def _save(self, run: Run) -> Run:
        """Write a run of this process; figures that others have counted meanwhile are kept."""
        while True:
            try:
                return self._store.save(run)
            except ConflictError as error:
                now = self._store.load(run.name)
                if now.state in OVER or now.owner != run.owner or now.sent > run.sent:
                    msg = f"{run.name} was {now.state} meanwhile"
                    raise RunStoppedError(msg) from error
                run = replace(
                    run,
                    by_status=now.by_status,
                    partial=now.partial,
                    pending=[*now.pending, *(p for p in run.pending if p >= now.pages)],
                    revision=now.revision,
                )
