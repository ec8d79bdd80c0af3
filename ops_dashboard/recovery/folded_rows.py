"""Which rows of a failed record are in windows already. Edge (DynamoDB).

Lambda gives up on a delivery as a whole, but its creators are committed one by one: some rows of a
record may be in windows. With deduplication they are recognised by their images when they are sent
again. Without it a creator takes every image again, so those rows are left out here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from ops_dashboard.inspect.windows import WindowReader
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.naming import creator_key
from stream_ingest.contracts.timestamps import parse_utc, to_epoch_ms
from stream_ingest.records.codec import PackedRecord
from stream_ingest.windowing.repository import CreatorRepository

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_Image = tuple[str, int]
"""Identity and created_at in milliseconds."""


class FoldedRows:
    """Finds rows of one stack's batches without deduplication in its windows."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str, registry: BatchRegistry) -> None:
        """Read one stack's table."""
        self._states = CreatorRepository(dynamodb, table_name)
        self._windows, self._registry = WindowReader(dynamodb, table_name), registry

    def without_folded(self, records: Sequence[PackedRecord]) -> list[PackedRecord]:
        """Return the records of one batch without the rows that are in windows since it began.

        Records of a batch with deduplication are returned as they are.
        """
        if not records or records[0].batch.settings.dedup:
            return list(records)
        batch = self._registry.load(records[0].batch.batch_id)
        since = parse_utc(batch.started_at) if batch else None
        names = {name for record in records for name in record.creators}
        known = {name: set(self._images(name, since)) for name in names}
        return [_without(record, known) for record in records]

    def _images(self, creator: str, since: datetime | None) -> Iterator[_Image]:
        """Yield the images in a creator's windows without deduplication, open or closed since."""
        key = creator_key(creator)
        for window in self._states.load([key])[key].open.values():
            if not window.settings.dedup:
                yield from ((image.known_as, image.created_at_ms) for image in window.images)
        for record in self._windows.of_creator(creator):
            if since is not None and datetime.fromisoformat(record.closed_at) < since:
                continue
            event = self._windows.event(record.window_id)
            if event is not None and event.dedup is False:
                yield from ((each.identity, to_epoch_ms(each.created_at)) for each in event.images)


def _without(record: PackedRecord, known: dict[str, set[_Image]]) -> PackedRecord:
    rows = zip(record.rows, record.cover_rows(), strict=True)
    kept = tuple(
        packed
        for packed, row in rows
        if (row.identity, row.created_at_ms) not in known[row.creator]
    )
    return msgspec.structs.replace(record, rows=kept)
