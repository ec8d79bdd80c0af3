"""Records as a source of rows, so that a push can send them again. Pure."""

from __future__ import annotations

from collections.abc import AsyncIterator

from stream_ingest.contracts.creators import CreatorName
from stream_ingest.contracts.timestamps import from_epoch_ms
from stream_ingest.records.codec import PackedRecord
from stream_ingest.sources.source import Cursor, Page


class RecordSource:
    """A source of the rows of packed records, in their order."""

    def __init__(self, records: list[PackedRecord]) -> None:
        """Yield the rows of `records`."""
        self._records = records

    async def check(self) -> None:
        """Do nothing: records in memory can always be read."""

    async def pages(self, after: Cursor | None = None) -> AsyncIterator[Page]:
        """Yield a page for each record; creators have the names that they have in the record."""
        first = int(after[0]) if after else 0
        for count, record in enumerate(self._records[first:], start=first + 1):
            rows = [
                (
                    CreatorName(row.creator, row.display_name),
                    [row.url, *row.fallbacks],
                    from_epoch_ms(row.created_at_ms),
                )
                for row in record.cover_rows()
            ]
            yield Page(rows=[*rows], cursor=(count,))


def by_batch(records: list[PackedRecord]) -> list[list[PackedRecord]]:
    """Group records by their batch, in the order in which batches first occur."""
    groups: dict[str, list[PackedRecord]] = {}
    for record in records:
        groups.setdefault(record.batch.batch_id, []).append(record)
    return list(groups.values())
