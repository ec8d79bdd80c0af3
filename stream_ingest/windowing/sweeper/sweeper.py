"""What time does to the pipeline: windows close, events are sent again, batches end. Edge.

Every step is a conditional write on what was just read, so two sweeps at once, or a sweep beside
the windowing Lambda, close every window once: the one that comes second finds the condition gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import TYPE_CHECKING

import msgspec

from stream_ingest.aws.items import Item, to_wire
from stream_ingest.aws.queries import query_items
from stream_ingest.batches.counter import BatchCounter, Count
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.batches.results.reports import Reports
from stream_ingest.batches.results.summary import completed
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.naming import creator_key
from stream_ingest.windowing.emitter import Emitter
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.closing import Change, close_batch, close_due
from stream_ingest.windowing.rules.outbox import window_ready
from stream_ingest.windowing.rules.state import CreatorState
from stream_ingest.windowing.sweeper.expiring import ExpiringCovers
from stream_ingest.windowing.sweeper.overdue import OverdueWindows

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_COMMIT_ROUNDS = 5
_SLICE = 100


class SweptWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A window that a sweep closed, or emitted `again`, and whether the bus took its event."""

    event: WindowReady
    again: bool
    emitted: bool


class Sweep(msgspec.Struct, kw_only=True):
    """What one sweep did."""

    closed: int = 0
    emitted: int = 0
    not_emitted: int = 0
    lost_races: int = 0
    given_up: list[str] = []
    """Ids of windows that were noted as failed, because nobody could build them."""
    covers_requested: int = 0
    """Covers about to expire that were requested."""
    batches_flushed: list[str] = []
    batches_ended: list[str] = []
    refused: dict[str, int] = {}
    """Rows of the batches that ended which were refused, by reason."""


class _Closed(msgspec.Struct, kw_only=True):
    """What a closing rule came to for one creator."""

    windows: list[WindowReady] = []
    lost_races: int = 0
    all_closed: bool = False


class Sweeper:
    """Closes what is due, emits what is stuck, and moves batches to their end."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        store: CreatorRepository,
        emitter: Emitter,
        registry: BatchRegistry,
        reports: Reports,
        dynamodb: DynamoDBClient,
        table_name: str,
        threads: Executor,
        clock: Callable[[], float],
        max_attempts: int = 3,
        prefetch: bool = False,
        notice: Callable[[SweptWindow], None] = lambda _: None,
    ) -> None:
        """Give up on a window after `max_attempts` claims; `clock` gives epoch seconds.

        With `prefetch` covers about to expire are requested, and their windows stay open.
        `notice` is told of each window at once, so that what was done is known even if a sweep
        dies later.
        """
        self._notice = notice
        self._store, self._emitter, self._registry = store, emitter, registry
        self._reports = reports
        self._dynamodb, self._table = dynamodb, table_name
        self._threads, self._clock = threads, clock
        self._prefetch = prefetch
        self._expiring = ExpiringCovers(store, emitter, threads, clock)
        self._census = BatchCounter(registry, dynamodb, table_name, clock, threads)
        self._overdue = OverdueWindows(
            dynamodb=dynamodb,
            table_name=table_name,
            emitter=emitter,
            threads=threads,
            clock=clock,
            max_attempts=max_attempts,
        )

    def sweep(self) -> Sweep:
        """Do all that is due now."""
        done = Sweep()
        states, windows = self._due()
        self._close(states, close_due_at(int(self._clock()), prefetch=self._prefetch), done)
        self._ask(states, done)
        self._emit_again(windows, done)
        for batch_id in [*self._registry.ids_in("sent"), *self._registry.ids_in("flushed")]:
            self.sweep_batch(batch_id, done)
        return done

    def sweep_batch(self, batch_id: str, done: Sweep) -> None:
        """Flush a batch whose rows have all been folded, and end it once its windows have ended."""
        count = self._census.count(batch_id)
        if count is None or not count.progress.settled:
            return
        if count.progress.status == "sent" and self._flush(batch_id, count.creators, done):
            count = self._census.count(batch_id) or count
        if count.progress.ended:
            self._end(count, done)

    def _end(self, count: Count, done: Sweep) -> None:
        """Report a batch, tell its end, note it: a crash in between repeats, and never omits."""
        summary = self._reports.write(count)
        if (
            summary is not None
            and self._emitter.emit(completed(summary))
            and self._registry.move(summary.batch_id, count.progress.status, "ended")
        ):
            done.batches_ended.append(summary.batch_id)
            for reason, rows in summary.refused.items():
                done.refused[reason] = done.refused.get(reason, 0) + rows

    def _flush(self, batch_id: str, keys: list[str], done: Sweep) -> bool:
        batch = self._registry.load(batch_id)
        if batch is None or batch.flush != "batch-end":
            return False
        closed_all = self._close(keys, close_batch_of(batch_id, batch.trigger), done)
        if not closed_all or not self._registry.move(batch_id, "sent", "flushed"):
            return False
        done.batches_flushed.append(batch_id)
        return True

    def _close(self, keys: list[str], rule: Callable[[CreatorState], Change], done: Sweep) -> bool:
        """Apply a closing rule to creators, then emit what it closed; tell whether that is all."""
        closed_all = True
        for start in range(0, len(keys), _SLICE):
            part = keys[start : start + _SLICE]
            states = self._store.load(part)
            results = list(
                self._threads.map(lambda state: self._close_one(state, rule), states.values())
            )
            windows = [window for result in results for window in result.windows]
            done.closed += len(windows)
            done.lost_races += sum(result.lost_races for result in results)
            closed_all = closed_all and all(result.all_closed for result in results)
            self._emit(windows, done, again=False)
        return closed_all

    def _ask(self, keys: list[str], done: Sweep) -> None:
        if self._prefetch:
            for start in range(0, len(keys), _SLICE):
                done.covers_requested += self._expiring.ask(keys[start : start + _SLICE])

    def _close_one(self, state: CreatorState, rule: Callable[[CreatorState], Change]) -> _Closed:
        key = creator_key(state.creator)
        closed = _Closed()
        while closed.lost_races < _COMMIT_ROUNDS:
            change = rule(state)
            if not change:
                closed.all_closed = True
                return closed
            now_s = int(self._clock())
            try:
                self._store.commit(state, change, now_s)
            except ConflictError:
                closed.lost_races += 1
                state = self._store.load([key])[key]
            else:
                closed.windows += [window_ready(state.creator, w, now_s) for w in change.windows]
                state = msgspec.structs.replace(change.state, version=state.version + 1)
        return closed  # still due: the next sweep finds it again

    def _emit(self, windows: list[WindowReady], done: Sweep, *, again: bool) -> None:
        refused = self._emitter.emit_windows(windows)
        for window in windows:
            taken = window.window_id not in refused
            self._notice(SweptWindow(event=window, again=again, emitted=taken))
        done.not_emitted += len(refused)
        done.emitted += len(windows) - len(refused)

    def _due(self) -> tuple[list[str], list[Item]]:
        """Return the keys of creators, and the keys of windows, whose time has come."""
        states: dict[str, None] = {}
        windows: list[Item] = []
        for shard in range(table.DUE_SHARDS):
            for item in self._query_due(f"due#{shard}"):
                if item[table.SORT_KEY] == table.STATE:
                    states[item[table.PARTITION_KEY]] = None
                else:
                    windows.append(item)
        return list(states), windows

    def _query_due(self, shard: str) -> Iterator[Item]:
        return query_items(
            self._dynamodb,
            "query what is due",
            TableName=self._table,
            IndexName=table.DUE_INDEX,
            KeyConditionExpression="due_shard = :shard AND due_at <= :now",
            ExpressionAttributeValues=to_wire({":shard": shard, ":now": int(self._clock())}),
        )

    def _emit_again(self, windows: list[Item], done: Sweep) -> None:
        for start in range(0, len(windows), _SLICE):
            events, given_up = self._overdue.act(windows[start : start + _SLICE])
            done.given_up += given_up
            self._emit(events, done, again=True)


def close_due_at(now_s: int, *, prefetch: bool) -> Callable[[CreatorState], Change]:
    """Return the rule that closes what is due at a moment."""
    return lambda state: close_due(state, now_s, prefetch=prefetch)


def close_batch_of(batch_id: str, trigger: str) -> Callable[[CreatorState], Change]:
    """Return the rule that closes what is to end with a batch."""
    return lambda state: close_batch(state, batch_id, trigger)
