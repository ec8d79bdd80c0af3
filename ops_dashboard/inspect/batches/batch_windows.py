"""Sums over the windows of a batch, in reads that do not grow with the batch. Edge (DynamoDB).

A batch's windows change their status in any order, so their sums cannot be continued where the last
read ended. They are read in rounds instead: each call reads a few pages of `batch-id-index`, at
most 1 MB (some 3,000 windows) each, and the sums of the last complete round are returned. So the
figures of a small batch are those of the moment, and those of a very large one some calls old.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from ops_dashboard.inspect.batches.batch_figures import BatchFigures, WindowFigures, no_windows
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, from_wire, to_wire
from stream_ingest.batches.window_entries import readable_window
from stream_ingest.contracts import table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

PAGES_PER_READ = 4
_MAX_BATCHES = 500
"""Number of batches whose rounds are kept; the least recently read one is dropped."""
_READ = (
    *(table.PARTITION_KEY, table.SORT_KEY, "status", "image_count", "images_ok", "images_failed"),
    *("failures", "error", "completed_at", "duration_ms", "bytes_downloaded", "collage_bytes"),
)


class BatchWindows:
    """Reads the windows of batches in rounds. Safe to share between threads."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        """Read one stack's table."""
        self._dynamodb, self._table = dynamodb, table_name
        self._rounds: OrderedDict[str, _Round] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, batch_id: str, pages: int = PAGES_PER_READ) -> BatchFigures:
        """Read up to `pages` pages of a batch's windows; return the figures of the last round."""
        with self._lock:
            own = self._rounds.setdefault(batch_id, _Round())
            self._rounds.move_to_end(batch_id)
            while len(self._rounds) > _MAX_BATCHES:
                self._rounds.popitem(last=False)
        with own.lock:
            for _ in range(pages):
                own.add(*self._page(batch_id, own.start))
                if own.start is None:
                    break
            return own.figures()

    def _page(self, batch_id: str, start: Item | None) -> tuple[list[Item], Item | None]:
        """Return a page of a batch's windows, and where the next one starts."""
        request: Any = {
            "TableName": self._table,
            "IndexName": table.BATCH_INDEX,
            "KeyConditionExpression": "batch_id = :batch AND #item >= :first",
            "ProjectionExpression": ", ".join(f"#{name}" for name in _READ),
            "ExpressionAttributeNames": {f"#{name}": name for name in _READ},
            "ExpressionAttributeValues": to_wire(
                {":batch": batch_id, ":first": table.FIRST_WINDOW}
            ),
            **({"ExclusiveStartKey": start} if start else {}),
        }
        with map_errors(f"query {table.BATCH_INDEX}"):
            answer = self._dynamodb.query(**request)
        windows = [readable_window(from_wire(item)) for item in answer["Items"]]
        return windows, answer.get("LastEvaluatedKey")


class _Round:
    """The sums of the last complete round, and of the one that is being read."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.start: Item | None = None
        """Where the next page starts; None for the first one."""
        self._last: WindowFigures | None = None
        self._growing = no_windows()

    def add(self, windows: list[Item], start: Item | None) -> None:
        for window in windows:
            self._growing.add(window)
        self.start = start
        if start is None:
            self._last, self._growing = self._growing, no_windows()

    def figures(self) -> BatchFigures:
        windows = self._last or self._growing
        return BatchFigures(windows=windows, is_complete=self._last is not None)
