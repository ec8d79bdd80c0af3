"""What is under way right now, for gauges that the sweeper emits each minute. Edge (DynamoDB).

A batch is open until the sweeper has ended it, a person has abandoned it, or its producer has not
sent all of it within a day; the batch of a follower (`stream-ingest follow`) only from the moment
it has been sent completely; that of a smoke test never is. A window is open from its closing until
it has a collage or a failure. (Images that wait in a window which is not full are no open work:
they may wait for days.) Both are read from `status-date-index`, which may lag by a moment: a gauge
may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from stream_ingest.aws.items import Item, to_wire
from stream_ingest.aws.queries import query_items
from stream_ingest.batches.progress import (
    FOLLOW_TRIGGER,
    OPEN_BATCHES,
    STALE_AFTER_S,
    Batch,
)
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UnreadableItemError
from stream_ingest.contracts.naming import SMOKE_TRIGGER
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class OpenWork(msgspec.Struct, frozen=True, kw_only=True):
    """How much is under way, and the ages of the oldest; an age of nothing is 0 seconds."""

    batches: int = 0
    windows: int = 0
    oldest_batch_age_s: int = 0
    oldest_window_age_s: int = 0
    unreadable: int = 0
    """Items on the list of those that cannot be read."""

    @property
    def oldest_age_s(self) -> int:
        """Return the age of the oldest batch or window."""
        return max(self.oldest_batch_age_s, self.oldest_window_age_s)


class OpenWorkReader:
    """Counts what is under way."""

    def __init__(
        self,
        registry: BatchRegistry,
        dynamodb: DynamoDBClient,
        table_name: str,
        clock: Callable[[], float],
    ) -> None:
        """`clock` gives epoch seconds."""
        self._registry, self._dynamodb = registry, dynamodb
        self._unreadable = UnreadableList(dynamodb, table_name, clock)
        self._table, self._clock = table_name, clock

    def read(self) -> OpenWork:
        """Return what is under way now."""
        ids = [each for status in OPEN_BATCHES for each in self._registry.ids_in(status)]
        loaded = [batch for batch in map(self._load, ids) if batch is not None]
        batches = [batch for batch in loaded if not self._is_idle(batch)]
        windows = [each for status in table.OPEN for each in self._closed_at(status)]
        return OpenWork(
            batches=len(batches),
            windows=len(windows),
            oldest_batch_age_s=self._age_s(batch.started_at for batch in batches),
            oldest_window_age_s=self._age_s(moment for moment in windows if moment is not None),
            unreadable=sum(1 for _ in self._unreadable.entries()),
        )

    def _load(self, batch_id: str) -> Batch | None:
        """Return a batch; None if there is none, or it cannot be read (the sweep lists it)."""
        try:
            return self._registry.load(batch_id)
        except UnreadableItemError:
            return None

    def _is_idle(self, batch: Batch) -> bool:
        if batch.abandoned_at is not None or batch.trigger == SMOKE_TRIGGER:
            return True
        return self._is_stale(batch) or self._is_followed(batch)

    def _is_stale(self, batch: Batch) -> bool:
        return batch.status == "sending" and self._age_s([batch.started_at]) > STALE_AFTER_S

    @staticmethod
    def _is_followed(batch: Batch) -> bool:
        """Whether the batch waits for new rows in a table, which may not come for hours."""
        return batch.status == "sending" and batch.trigger == FOLLOW_TRIGGER

    def _closed_at(self, status: str) -> Iterator[str | None]:
        """Yield when each window of a status closed; see `_open_since`."""
        items = query_items(
            self._dynamodb,
            "count open windows",
            TableName=self._table,
            IndexName=table.STATUS_INDEX,
            KeyConditionExpression="#status = :status",
            ProjectionExpression="processing_date, completed_at",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=to_wire({":status": status}),
        )
        return map(_open_since, items)

    def _age_s(self, moments: Iterable[str]) -> int:
        """Return the age of the earliest of some ISO moments."""
        started_s = (datetime.fromisoformat(moment).timestamp() for moment in moments)
        earliest = min(started_s, default=None)
        return 0 if earliest is None else max(0, round(self._clock() - earliest))


def _open_since(window: Item) -> str | None:
    """Return when a window closed, from its entry in the index.

    None for one that is rebuilt, because it has ended before, and for one of an older version.
    """
    moment = str(window[table.CLOSED_AT])
    if "T" not in moment or "completed_at" in window:
        return None
    try:
        datetime.fromisoformat(moment)
    except ValueError:
        return None  # it cannot be read
    return moment
