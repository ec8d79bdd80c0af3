"""How far a batch is, counted so that its end can be decided on it. Edge (DynamoDB).

Each creator's tally is in its state, written with every fold, and so in no index: there it would
cost a write for each fold, all of them to one key. It is read consistently, once all rows have been
folded; the index tells whose there are. What that comes to is noted with the batch, where
`BatchRegistry.progress` finds it, and not counted again once it is final.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from stream_ingest.aws.dynamodb import MAX_BATCH_KEYS, BatchGet
from stream_ingest.aws.items import Item
from stream_ingest.batches.progress import (
    Batch,
    BatchProgress,
    Counted,
    progress_of,
    sum_tallies,
    sum_windows,
)
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts import table
from stream_ingest.contracts.naming import creator_key

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_READ = (table.PARTITION_KEY, table.SORT_KEY, "creator", "batch_id", *table.TALLY_ATTRIBUTES)
"""Without images and dedup memory, which make up nearly all of a state."""


class BatchCount(msgspec.Struct, frozen=True, kw_only=True):
    """How far a batch is, and the keys of the creators that its rows were of."""

    batch: Batch
    progress: BatchProgress
    creators: list[str]


class BatchCounter:
    """Counts batches exactly.

    Memory grows with the number of creators by their keys alone, because pages are added up as
    they come; of a state only its tally is fetched. Time: two or three reads for each creator, 100
    of them in a request, on all of the threads at once.
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
        """Return how far a batch is; None for one that was never registered, or still arrives.

        A creator that the index does not show yet is missing from the sum. What was counted is
        noted, so that a later count can tell whether it is still as many.
        """
        batch = self._registry.load(batch_id)
        if batch is None or not batch.is_drained:
            return None
        now_s = int(self._clock())
        keys: set[str] = set()
        windows = sum_windows(self._windows(batch_id, keys))
        if batch.counted is None or not batch.counted.final:
            batch = self._counted(batch, sum_tallies(self._tallies(batch_id, keys)), now_s)
        progress = progress_of(batch, windows, now_s)
        return BatchCount(batch=batch, progress=progress, creators=sorted(keys))

    def _counted(self, batch: Batch, counted: Counted, now_s: int) -> Batch:
        """Return the batch with what was counted, and note that where it is news."""
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

    def _windows(self, batch_id: str, keys: set[str]) -> Iterator[Item]:
        """Yield the windows that the index shows; add the keys of the creators that it shows."""
        for item in self._registry.items(batch_id):
            kind = str(item[table.SORT_KEY]).partition("#")[0]
            if kind == "window":
                yield item
            elif kind in {table.STATE, "tally"}:
                keys.add(creator_key(str(item["creator"])))

    def _tallies(self, batch_id: str, keys: set[str]) -> Iterator[Item]:
        """Yield all that creators hold of a batch, once its windows have told who they are."""
        wanted = sorted(keys)
        slices = [wanted[at : at + MAX_BATCH_KEYS] for at in range(0, len(wanted), MAX_BATCH_KEYS)]
        for tallies in self._threads.map(partial(self._tallies_of, batch_id), slices):
            yield from tallies

    def _tallies_of(self, batch_id: str, keys: list[str]) -> list[Item]:
        """Return what some creators hold of a batch: states, and tallies of their own.

        A tally moves from its state to an item of its own when the creator's next batch comes. So
        where the state is another batch's by now, the item is read after it; elsewhere before.
        """
        before = self._read(_tally_keys(batch_id, keys))
        states = self._read((key, table.STATE) for key in keys)
        own = [state for state in states if state.get("batch_id") == batch_id]
        stayed = {table.tally_item(state[table.PARTITION_KEY]) for state in own}
        kept = [tally for tally in before if tally[table.SORT_KEY] in stayed]
        moved = [key for key in keys if table.tally_item(key) not in stayed]
        return [*own, *kept, *(self._read(_tally_keys(batch_id, moved)) if moved else [])]

    def _read(self, keys: Iterable[tuple[str, str]]) -> list[Item]:
        """Return the tallies at up to 100 keys, read consistently, without those not there."""
        found = self._batch_get.items(keys, "read tallies", consistent=True, attributes=_READ)
        return list(found)


def _tally_keys(batch_id: str, keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((table.batch_partition(batch_id), table.tally_item(key)) for key in keys)
