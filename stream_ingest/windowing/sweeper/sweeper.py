"""What is due by the clock: windows close, events are emitted again, batches end. Edge (DynamoDB).

Every step is a conditional write on what was just read. So two sweeps at the same time, or a sweep
beside the stream processor, close every window once: the condition of the second one fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from stream_ingest.aws.items import Item
from stream_ingest.aws.request_groups import slices
from stream_ingest.batches.counter import BatchCount, BatchCounter
from stream_ingest.batches.progress import (
    ABANDONED_BATCH,
    ENDED_BATCHES,
    REJECTED_BATCH,
    final_status,
)
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.batches.results.reports import Reports
from stream_ingest.batches.results.summary import ends_of
from stream_ingest.batches.timeouts import BatchTimeouts
from stream_ingest.batches.waiting_windows import is_among_waiting
from stream_ingest.contracts import table
from stream_ingest.contracts.events import WindowReady
from stream_ingest.windowing.creator_folding import CreatorFolding
from stream_ingest.windowing.emitter import Emitter
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.sweeper.closer import (
    Closer,
    ClosingRule,
    close_batch_of,
    close_due_at,
)
from stream_ingest.windowing.sweeper.due_items import DueItems
from stream_ingest.windowing.sweeper.expiring import ExpiringCovers
from stream_ingest.windowing.sweeper.isolation import Isolation
from stream_ingest.windowing.sweeper.overdue import OverdueWindows
from stream_ingest.windowing.sweeper.recheck import Recheck
from stream_ingest.windowing.sweeper.sweep import Sweep, SweptWindow, merge_sweeps
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList
from stream_ingest.windowing.window_repository import WindowRepository

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_SENT = ("sent", "abandoning", "rejecting", "flushed")
"""Statuses of the batches that a sweep moves to their end."""
_CSV_FILES = "csv-files"
"""Under which a failed search for files is logged."""
_SLICE = 100
"""Creators that are loaded, or windows that are read, at a time."""


class Sweeper:
    """Closes windows that are due, emits overdue events again, and moves batches to their end."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        store: CreatorRepository,
        emitter: Emitter,
        registry: BatchRegistry,
        reports: Reports,
        folding: CreatorFolding,
        dynamodb: DynamoDBClient,
        table_name: str,
        threads: Executor,
        clock: Callable[[], float],
        delivery_s: int,
        max_attempts: int = 3,
        prefetch: bool = False,
        start_files: Callable[[], tuple[str, ...]] = tuple,
        on_window: Callable[[SweptWindow], None] = lambda _: None,
        on_error: Callable[[str, Exception], None] = lambda _, __: None,
    ) -> None:
        """Abandon a window after `max_attempts` claims; `clock` gives epoch seconds.

        `delivery_s` seconds after the last row of a batch was sent, none of its records can be
        delivered any more: it is ended without the end marks that are missing.

        With `prefetch`, covers about to expire are requested and their windows stay open.
        `start_files` starts files that no job knows (`stream_ingest.intake.unread`).
        `on_window` is called for each window, and `on_error` for each item that fails, at once, so
        that the log has it even if the sweep crashes later.
        """
        self._on_window = on_window
        self._store, self._emitter, self._registry = store, emitter, registry
        self._reports = reports
        self._dynamodb, self._table = dynamodb, table_name
        self._due = DueItems(dynamodb, table_name, clock)
        self._threads, self._clock = threads, clock
        self._prefetch, self._start_files = prefetch, start_files
        unreadable = UnreadableList(dynamodb, table_name, clock)
        self._isolation = Isolation(unreadable, on_error)
        self._closer = Closer(store, self._isolation, threads, clock)
        self._recheck = Recheck(
            unreadable=unreadable,
            windows=WindowRepository(dynamodb, table_name),
            store=store,
            registry=registry,
            closer=self._closer,
            folding=folding,
            isolation=self._isolation,
            threads=threads,
            clock=clock,
        )
        self._expiring = ExpiringCovers(store, emitter, threads, clock, self._isolation)
        self._counter = BatchCounter(registry, dynamodb, table_name, clock, threads)
        self._timeouts = BatchTimeouts(dynamodb, table_name, clock, delivery_s=delivery_s)
        self._overdue = OverdueWindows(
            dynamodb=dynamodb,
            table_name=table_name,
            emitter=emitter,
            threads=threads,
            clock=clock,
            max_attempts=max_attempts,
            isolation=self._isolation,
        )

    def sweep(self) -> Sweep:
        """Do all that is due now; safe to call again, and beside another sweep.

        What fails for one item is left out: `Sweep.unreadable` and `Sweep.errors` say it.
        """
        return self._isolation.collect(self._sweep_all)

    def sweep_batch(self, batch_id: str) -> Sweep:
        """Flush a batch whose rows have all been folded, and end it once its windows have ended.

        Does nothing for a batch that has ended: its event may come again.
        """
        return self._isolation.collect(lambda: self._sweep_one(batch_id))

    def _sweep_all(self) -> Sweep:
        readable = self._emit(self._recheck.run(), again=False)
        states, windows = self._due.read()
        closed, _ = self._close(states, close_due_at(int(self._clock()), prefetch=self._prefetch))
        parts = [readable, closed, self._request_expiring(states), self._act_on_overdue(windows)]
        for batch_id in self._timeouts.old_batches():
            abandon = partial(self._timeouts.abandon_if_silent, batch_id)
            self._isolation.run(_key_of(batch_id), abandon, None)
        batches = [each for status in _SENT for each in self._registry.ids_in(status)]
        ends = list(map(self._sweep_one, batches))
        files: tuple[str, ...] = ()
        files = self._isolation.run(_CSV_FILES, self._start_files, files)
        return merge_sweeps([*parts, *ends, Sweep(files_started=files)])

    def _sweep_one(self, batch_id: str) -> Sweep:
        return self._isolation.run(_key_of(batch_id), lambda: self._sweep_batch(batch_id), Sweep())

    def _sweep_batch(self, batch_id: str) -> Sweep:
        batch = self._registry.load(batch_id)
        if batch is None or batch.status in ENDED_BATCHES:
            return Sweep()
        self._timeouts.apply(batch)
        only_waits = batch.counted is not None and batch.counted.final
        if only_waits and is_among_waiting(self._dynamodb, self._table, batch_id):
            return Sweep()
        count = self._counter.count(batch_id)
        if count is None:
            return Sweep()
        for error in count.unreadable:
            self._isolation.found(error)
        if not count.progress.settled:
            return Sweep()
        flush = Sweep()
        if count.progress.status in {"sent", "abandoning"}:
            flush = self._flush(batch_id, count.creators)
            if flush.batches_flushed:
                count = self._counter.count(batch_id) or count
        end = self._end(count) if count.progress.ended else Sweep()
        return merge_sweeps([flush, end])

    def _end(self, count: BatchCount) -> Sweep:
        """Write a batch's reports, emit its end, move it: a crash in between repeats all three."""
        summary = self._reports.write(count)
        final = final_status(count.batch)
        if (
            summary is None
            or not all(map(self._emitter.emit, ends_of(summary)))
            or not self._registry.move(summary.batch_id, count.progress.status, final)
        ):
            return Sweep()
        return Sweep(
            batches_ended=(summary.batch_id,),
            batches_abandoned=(summary.batch_id,) if final == ABANDONED_BATCH else (),
            batches_rejected=(summary.batch_id,) if final == REJECTED_BATCH else (),
            batches_incomplete=(summary.batch_id,) if summary.is_incomplete else (),
            refused=dict(summary.refused),
        )

    def _flush(self, batch_id: str, keys: list[str]) -> Sweep:
        """Close the windows that end with a batch; `batches_flushed` names it once all are."""
        batch = self._registry.load(batch_id)
        if batch is None or batch.flush != "batch-end" or batch.is_flushed:
            return Sweep()
        closed, closed_all = self._close(keys, close_batch_of(batch_id, batch.trigger))
        if not closed_all or not self._registry.move(batch_id, batch.status, "flushed"):
            return closed
        return msgspec.structs.replace(closed, batches_flushed=(batch_id,))

    def _close(self, keys: list[str], rule: ClosingRule) -> tuple[Sweep, bool]:
        """Apply a closing rule to creators and emit what it closed; return whether that is all."""
        parts: list[Sweep] = []
        closed_all = True
        for some in slices(keys, _SLICE):
            closed = self._closer.close(some, rule)
            closed_all = closed_all and closed.all_closed
            parts += [Sweep(closed=len(closed.windows), lost_races=closed.lost_races)]
            parts += [self._emit(closed.windows, again=False)]
        return merge_sweeps(parts), closed_all

    def _request_expiring(self, keys: list[str]) -> Sweep:
        if not self._prefetch:
            return Sweep()
        return Sweep(covers_requested=sum(map(self._expiring.request, slices(keys, _SLICE))))

    def _act_on_overdue(self, windows: list[Item]) -> Sweep:
        parts: list[Sweep] = []
        for some in slices(windows, _SLICE):
            acted = self._overdue.act(some)
            parts += [Sweep(abandoned=acted.abandoned), self._emit(acted.to_emit, again=True)]
        return merge_sweeps(parts)

    def _emit(self, windows: Sequence[WindowReady], *, again: bool) -> Sweep:
        if not windows:
            return Sweep()
        everything = [window.window_id for window in windows]
        refused = self._isolation.run(
            everything[0], lambda: self._emitter.emit_windows(windows), everything
        )
        for window in windows:
            taken = window.window_id not in refused
            self._on_window(SweptWindow(event=window, again=again, emitted=taken))
        return Sweep(emitted=len(windows) - len(refused), not_emitted=len(refused))


def _key_of(batch_id: str) -> str:
    return table.item_key(table.batch_partition(batch_id), table.BATCH)
