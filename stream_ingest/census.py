"""How far a batch is, counted so that its end can be decided on it. Edge (DynamoDB).

`BatchRegistry.progress` reads an index, which may lag; here the tallies themselves are read,
consistently. The index only tells whose there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How far a batch is, and the keys of the creators that its rows were of."""

    progress: BatchProgress
    creators: list[str]


class Census:
    """Counts batches exactly."""

    def __init__(
        self,
        registry: BatchRegistry,
        dynamodb: DynamoDBClient,
        table_name: str,
        clock: Callable[[], float],
    ) -> None:
        """`clock` gives epoch seconds."""
        self._registry, self._dynamodb = registry, dynamodb
        self._table, self._clock = table_name, clock

    def count(self, batch_id: str) -> Count | None:
        """Return how far a batch is, None for a batch that was never registered.

        A creator that the index does not show yet is missing from the sum. How many rows are
        missing is noted, so that a later count can tell whether it is still as many.
        """
        batch = self._registry.load(batch_id)
        if batch is None:
            return None
        shown = self._registry.items(batch_id)
        keys = sorted(creator_key(creator) for creator in add_up(shown).creators)
        windows = [item for item in shown if item[table.SORT_KEY].startswith("window#")]
        seen = add_up([*windows, *self._tallies(batch_id, keys)])
        self._doubt(batch, missing_rows(batch, seen))
        return Count(progress=progress_of(batch, seen, int(self._clock())), creators=keys)

    def _doubt(self, batch: Batch, missing: int) -> None:
        known = batch.doubt.missing if batch.doubt else 0
        if batch.is_drained and missing > 0 and missing != known:
            self._registry.note_doubt(batch.batch_id, missing)

    def _tallies(self, batch_id: str, keys: list[str]) -> list[Item]:
        """Return all that creators hold of a batch: states, and tallies of their own.

        A tally moves from its state to an item of its own when the creator's next batch comes. So
        where the state is another batch's by now, the item is read after it; elsewhere before.
        """
        before = self._read(_tally_keys(batch_id, keys))
        states = self._read((key, table.STATE) for key in keys)
        own = [state for state in states if state.get("batch_id") == batch_id]
        stayed = {table.tally_item(state[table.PARTITION_KEY]) for state in own}
        kept = [tally for tally in before if tally[table.SORT_KEY] in stayed]
        moved = [key for key in keys if table.tally_item(key) not in stayed]
        return [*own, *kept, *self._read(_tally_keys(batch_id, moved))]

    def _read(self, keys: Iterable[tuple[str, str]]) -> list[Item]:
        """Return the items at keys, read consistently; those that are not there are left out."""
        found: list[Item] = []
        wire = [
            to_wire({table.PARTITION_KEY: partition, table.SORT_KEY: sort})
            for partition, sort in keys
        ]
        for start in range(0, len(wire), _BATCH_GET):
            wanted: Any = {
                self._table: {"Keys": wire[start : start + _BATCH_GET], "ConsistentRead": True}
            }
            while wanted:
                with translated("read tallies"):
                    answer = self._dynamodb.batch_get_item(RequestItems=wanted)
                found += map(from_wire, answer["Responses"].get(self._table, []))
                wanted = answer.get("UnprocessedKeys")
        return found


def _tally_keys(batch_id: str, keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((table.batch_partition(batch_id), table.tally_item(key)) for key in keys)
