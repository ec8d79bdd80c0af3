"""How far a batch is, counted so that its end can be decided on it. Edge (DynamoDB).

`BatchRegistry.progress` reads an index, which may lag; here the tallies themselves are read,
consistently. The index only tells whose there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from stream_ingest import table
from stream_ingest.aws_errors import translated
from stream_ingest.batches import BatchRegistry
from stream_ingest.items import Item, from_wire, to_wire
from stream_ingest.naming import creator_key
from stream_ingest.progress import Batch, BatchProgress, add_up, missing_rows, progress_of

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_BATCH_GET = 100
"""BatchGetItem takes 100 keys."""
_READ = (table.PARTITION_KEY, table.SORT_KEY, "creator", "batch_id", *table.TALLY_ATTRIBUTES)
_PROJECTED = {
    "ProjectionExpression": ", ".join(f"#{name}" for name in _READ),
    "ExpressionAttributeNames": {f"#{name}": name for name in _READ},
}
"""Without images and dedup memory, which make up nearly all of a state."""


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How far a batch is, and the keys of the creators that its rows were of."""

    batch: Batch
    progress: BatchProgress
    creators: list[str]


class Census:
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
        self._registry, self._dynamodb = registry, dynamodb
        self._table, self._clock, self._threads = table_name, clock, threads

    def count(self, batch_id: str) -> Count | None:
        """Return how far a batch is; None for one that was never registered, or still arrives.

        A creator that the index does not show yet is missing from the sum. How many rows are
        missing is noted, so that a later count can tell whether it is still as many.
        """
        batch = self._registry.load(batch_id)
        if batch is None or not batch.is_drained:
            return None
        keys: set[str] = set()
        seen = add_up(chain(self._windows(batch_id, keys), self._tallies(batch_id, keys)))
        self._doubt(batch, missing_rows(batch, seen))
        progress = progress_of(batch, seen, int(self._clock()))
        return Count(batch=batch, progress=progress, creators=sorted(keys))

    def _doubt(self, batch: Batch, missing: int) -> None:
        known = batch.doubt.missing if batch.doubt else 0
        if missing > 0 and missing != known:
            self._registry.note_doubt(batch.batch_id, missing)

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
        slices = [wanted[at : at + _BATCH_GET] for at in range(0, len(wanted), _BATCH_GET)]
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
        found: list[Item] = []
        wire = [
            to_wire({table.PARTITION_KEY: partition, table.SORT_KEY: sort})
            for partition, sort in keys
        ]
        wanted: Any = {self._table: {"Keys": wire, "ConsistentRead": True, **_PROJECTED}}
        while wanted:
            with translated("read tallies"):
                answer = self._dynamodb.batch_get_item(RequestItems=wanted)
            found += map(from_wire, answer["Responses"].get(self._table, []))
            wanted = answer.get("UnprocessedKeys")
        return found


def _tally_keys(batch_id: str, keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((table.batch_partition(batch_id), table.tally_item(key)) for key in keys)
