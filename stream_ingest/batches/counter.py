"""Count the rows of a batch exactly, so that its end can be decided. Edge (DynamoDB).

Each creator's tally is in its state, written with every fold, and in no index: an index would cost
another write for each fold, all of them to one key. Tallies are read consistently once all rows
have been folded; `batch-id-index` lists the creators. The count is recorded with the batch, where
`BatchRegistry.progress` finds it, and is not repeated once it is final.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from stream_ingest.aws.dynamodb import MAX_BATCH_KEYS, BatchGet
from stream_ingest.aws.items import Item, decoding, whole
from stream_ingest.batches.progress import (
    Batch,
    BatchProgress,
    Counted,
    WindowSums,
    progress_of,
    sum_tallies,
    sum_windows,
)
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.batches.window_entries import readable_window
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UnreadableItemError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_READ = (table.PARTITION_KEY, table.SORT_KEY, "creator", "batch_id", *table.TALLY_ATTRIBUTES)
"""Excludes images and dedup memory, which make up nearly all of a state."""


class BatchCount(msgspec.Struct, frozen=True, kw_only=True):
    """The progress of a batch, and the keys of the creators of its rows."""

    batch: Batch
    progress: BatchProgress
    creators: list[str]
    unreadable: tuple[UnreadableItemError, ...] = ()
    """Items that are left out of the count because they cannot be read."""


class BatchCounter:
    """Counts batches exactly.

    Memory holds one key per creator, because pages are summed as they arrive; only the tally of a
    state is fetched. Time: two or three reads per creator, 100 per request, on all threads.
    """

    def __init__(
        self,
        registry: BatchRegistry,
        dynamodb: DynamoDBClient,
        table_name: str,
        clock: Callable[[], float],
        threads: Executor,
    ) -> None:
        """`clock` gives epoch seconds; `threads` read several creators at once."""
        self._registry, self._batch_get = registry, BatchGet(dynamodb, table_name)
        self._clock, self._threads = clock, threads

    def count(self, batch_id: str) -> BatchCount | None:
        """Return the progress of a batch; None if it is not registered or not drained yet.

        A creator that the index does not show yet is missing from the sums. The count is recorded,
        so that a later one can detect whether the number of rows has changed.
        """
        batch = self._registry.load(batch_id)
        now_s = int(self._clock())
        if batch is not None and batch.rejected is not None:  # nothing of it is in the stream
            progress = progress_of(batch, sum_windows(()), now_s)
            return BatchCount(batch=batch, progress=progress, creators=[])
        if batch is None or not batch.is_drained:
            return None
        windows, keys, deferred = self._windows_and_creators(batch_id)
        unreadable: list[UnreadableItemError] = []
        if batch.counted is None or not batch.counted.final:
            counted = sum_tallies(_readable(self._tallies(batch_id, keys), unreadable))
            counted = msgspec.structs.replace(counted, deferred=deferred)
            batch = self._record(batch, counted, now_s)
        progress = progress_of(batch, windows, now_s)
        return BatchCount(
            batch=batch, progress=progress, creators=sorted(keys), unreadable=tuple(unreadable)
        )

    def _record(self, batch: Batch, counted: Counted, now_s: int) -> Batch:
        """Return the batch with its new count; write the count if it has changed."""
        before = batch.counted
        since = before.since if before and before.rows == counted.rows else now_s
        counted = msgspec.structs.replace(counted, since=since)
        batch = msgspec.structs.replace(batch, counted=counted)
        if batch.is_flushed and batch.is_settled(now_s):
            counted = msgspec.structs.replace(counted, final=True)
            batch = msgspec.structs.replace(batch, counted=counted)
        if counted != before:
            self._registry.record_count(batch.batch_id, counted)
        return batch

    def _windows_and_creators(self, batch_id: str) -> tuple[WindowSums, set[str], int]:
        """Return the sums over the windows, the creators' keys, and the number of deferred rows.

        All in one pass over the index.
        """
        keys: set[str] = set()
        deferred = 0

        def windows() -> Iterator[Item]:
            nonlocal deferred
            for item in self._registry.items(batch_id):
                kind = str(item[table.SORT_KEY]).partition("#")[0]
                if kind == "window":
                    yield readable_window(item)
                elif kind == table.STATE:
                    keys.add(item[table.PARTITION_KEY])
                elif kind == "tally":
                    keys.add(str(item[table.SORT_KEY]).partition("#")[2])
                elif kind == table.DEFERRED:
                    deferred += _rows_of(item)

        return sum_windows(windows()), keys, deferred

    def _tallies(self, batch_id: str, keys: set[str]) -> Iterator[Item]:
        """Yield the creators' states and separate tally items of a batch."""
        wanted = sorted(keys)
        slices = [wanted[at : at + MAX_BATCH_KEYS] for at in range(0, len(wanted), MAX_BATCH_KEYS)]
        for tallies in self._threads.map(partial(self._tallies_of, batch_id), slices):
            yield from tallies

    def _tallies_of(self, batch_id: str, keys: list[str]) -> list[Item]:
        """Return some creators' states and separate tally items of a batch.

        A tally moves from the state to a separate item when the creator's next batch arrives. So if
        the state belongs to another batch, the item is read after the state, otherwise before it.
        """
        before = self._read(_tally_keys(batch_id, keys))
        states = self._read((key, table.STATE) for key in keys)
        own = [state for state in states if state.get("batch_id") == batch_id]
        stayed = {table.tally_item(state[table.PARTITION_KEY]) for state in own}
        unmoved = [tally for tally in before if tally[table.SORT_KEY] in stayed]
        moved = [key for key in keys if table.tally_item(key) not in stayed]
        return [*own, *unmoved, *(self._read(_tally_keys(batch_id, moved)) if moved else [])]

    def _read(self, keys: Iterable[tuple[str, str]]) -> list[Item]:
        """Return the existing items at up to 100 keys, read consistently."""
        found = self._batch_get.items(keys, "read tallies", consistent=True, attributes=_READ)
        return list(found)


def _readable(items: Iterable[Item], unreadable: list[UnreadableItemError]) -> Iterator[Item]:
    """Yield the tallies that can be read; append the errors of the others."""
    for item in items:
        try:
            with decoding(item):
                for name in table.TALLY_ATTRIBUTES:
                    whole(item.get(name, 0))
        except UnreadableItemError as error:
            unreadable.append(error)
        else:
            yield item


def _rows_of(item: Item) -> int:
    """Return the number of rows of a deferred record; 1 if it cannot be read."""
    try:
        with decoding(item):
            return whole(item["image_count"])
    except UnreadableItemError:
        return 1


def _tally_keys(batch_id: str, keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((table.batch_partition(batch_id), table.tally_item(key)) for key in keys)
