"""What time does to the pipeline: windows close, events are sent again, batches end. Edge.

Every step is a conditional write on what was just read, so two sweeps at once, or a sweep beside the
windowing Lambda, do everything once: the one that comes second finds the condition gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

import msgspec

from stream_ingest import table
from stream_ingest.aws_errors import translated
from stream_ingest.batches import BatchRegistry
from stream_ingest.errors import ConflictError
from stream_ingest.events import BatchCompleted, WindowReady
from stream_ingest.items import Item, from_wire, to_wire
from stream_ingest.naming import creator_key
from stream_ingest.progress import BatchProgress
from stream_ingest.windowing.emitter import Emitter
from stream_ingest.windowing.fold import Change, close_batch, close_due
from stream_ingest.windowing.outbox import expand_event, window_ready
from stream_ingest.windowing.state import CreatorState
from stream_ingest.windowing.store import WindowStore

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_COMMIT_ROUNDS = 5
_SLICE = 100


class Sweep(msgspec.Struct, kw_only=True):
    """What one sweep did."""

    closed: int = 0
    emitted: int = 0
    not_emitted: int = 0
    lost_races: int = 0
    batches_flushed: list[str] = []
    batches_ended: list[str] = []


class Sweeper:
    """Closes what is due, emits what is stuck, and moves batches to their end."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        store: WindowStore,
        emitter: Emitter,
        registry: BatchRegistry,
        dynamodb: DynamoDBClient,
        table_name: str,
        threads: Executor,
        clock: Callable[[], float],
    ) -> None:
        """Work on the given edges; `clock` gives epoch seconds."""
        self._store, self._emitter, self._registry = store, emitter, registry
        self._dynamodb, self._table = dynamodb, table_name
        self._threads, self._clock = threads, clock

    def sweep(self) -> Sweep:
        """Do all that is due now."""
        done = Sweep()
        states, windows = self._due()
        self._close(states, close_due_at(int(self._clock())), done)
        self._emit_again(windows, done)
        for batch_id in [*self._registry.ids_in("sent"), *self._registry.ids_in("flushed")]:
            self.sweep_batch(batch_id, done)
        return done

    def sweep_batch(self, batch_id: str, done: Sweep) -> None:
        """Flush a batch whose rows have all been folded, and end it once its windows have ended."""
        progress = self._registry.progress(batch_id)
        if progress is None or not progress.settled:
            return
        if progress.status == "sent" and self._flush(batch_id, done):
            progress = self._registry.progress(batch_id) or progress
        # Told first and noted second: a crash in between tells it twice, never not at all.
        if (
            progress.ended
            and self._emitter.emit(completed(progress))
            and self._registry.move(batch_id, progress.status, "ended")
        ):
            done.batches_ended.append(batch_id)

    def _flush(self, batch_id: str, done: Sweep) -> bool:
        batch = self._registry.load(batch_id)
        if batch is None or batch.flush != "batch-end":
            return False
        creators = self._registry.seen(batch_id).creators
        keys = sorted(creator_key(creator) for creator in creators)
        self._close(keys, lambda state: close_batch(state, batch_id), done)
        done.batches_flushed.append(batch_id)
        return self._registry.move(batch_id, "sent", "flushed")

    def _close(self, keys: list[str], rule: Callable[[CreatorState], Change], done: Sweep) -> None:
        """Apply a closing rule to creators, then emit the windows that it closed."""
        for start in range(0, len(keys), _SLICE):
            part = keys[start : start + _SLICE]
            states = self._store.load(part)
            results = list(
                self._threads.map(lambda state: self._close_one(state, rule), states.values())
            )
            windows = [window for closed, _ in results for window in closed]
            done.closed += len(windows)
            done.lost_races += sum(lost for _, lost in results)
            self._emit(windows, done)

    def _close_one(
        self, state: CreatorState, rule: Callable[[CreatorState], Change]
    ) -> tuple[list[WindowReady], int]:
        key = creator_key(state.creator)
        for lost in range(_COMMIT_ROUNDS):
            change = rule(state)
            if not change:
                return [], lost
            now_s = int(self._clock())
            try:
                self._store.commit(state, change, now_s)
            except ConflictError:
                state = self._store.load([key])[key]
                continue
            return [window_ready(state.creator, window, now_s) for window in change.windows], lost
        return [], _COMMIT_ROUNDS  # still due: the next sweep finds it again

    def _emit(self, windows: list[WindowReady], done: Sweep) -> None:
        refused = self._emitter.emit_windows(windows)
        done.not_emitted += len(refused)
        done.emitted += len(windows) - len(refused)

    def _due(self) -> tuple[list[str], list[Item]]:
        """Return the keys of creators, and the keys of windows, whose time has come."""
        states: list[str] = []
        windows: list[Item] = []
        for shard in range(table.DUE_SHARDS):
            for item in self._query_due(f"due#{shard}"):
                if item[table.SORT_KEY] == table.STATE:
                    states.append(item[table.PARTITION_KEY])
                else:
                    windows.append(item)
        return states, windows

    def _query_due(self, shard: str) -> Iterator[Item]:
        request: Any = {
            "TableName": self._table,
            "IndexName": table.DUE_INDEX,
            "KeyConditionExpression": "due_shard = :shard AND due_at <= :now",
            "ExpressionAttributeValues": to_wire({":shard": shard, ":now": int(self._clock())}),
        }
        while True:
            with translated("query what is due"):
                answer = self._dynamodb.query(**request)
            yield from map(from_wire, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _emit_again(self, windows: list[Item], done: Sweep) -> None:
        for start in range(0, len(windows), _SLICE):
            events = self._threads.map(self._stored_event, windows[start : start + _SLICE])
            self._emit([event for event in events if event is not None], done)

    def _stored_event(self, window: Item) -> WindowReady | None:
        number = int(window[table.SORT_KEY].partition("#")[2])
        key = {
            table.PARTITION_KEY: window[table.PARTITION_KEY],
            table.SORT_KEY: table.images_item(number),
        }
        with translated("load a window's event"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=to_wire(key), ConsistentRead=True
            )
        item = answer.get("Item")
        return expand_event(bytes(from_wire(item)["detail"])) if item else None


def close_due_at(now_s: int) -> Callable[[CreatorState], Change]:
    """Return the rule that closes what is due at a moment."""
    return lambda state: close_due(state, now_s)


def completed(progress: BatchProgress) -> BatchCompleted:
    """Return the event that tells of a batch's end."""
    return BatchCompleted(
        batch_id=progress.batch_id,
        trigger=progress.trigger,
        rows_read=progress.rows_read,
        rows_accepted=progress.rows_accepted,
        refused=progress.refused,
        windows=progress.windows,
        collages=progress.collages,
        images_ok=progress.images_ok,
        images_failed=progress.images_failed,
    )
