"""Packs rows into numbered records, one bucket each. Pure.

At about 65 bytes a row a record of 25 KB carries 380 rows: a shard (1,000 records/s or 1 MB/s, AWS
Kinesis quotas) takes some 15,000 rows/s instead of 1,000.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from stream_ingest.contracts.identity import image_identity
from stream_ingest.records.codec import (
    BUCKETS,
    LAST_NUMBER,
    BatchHeader,
    PackedRecord,
    PackedRow,
    bucket_of,
    pack,
)
from stream_ingest.records.rows import CoverRow

RECORD_BYTES = 25_000
"""Target size of a record. Kinesis bills on-demand by KB and provisioned by 25 KB units."""
MAX_RAW_SIZE = 250_000
"""Characters of rows that end a record however well they compress: a record must stay below the
stream's 1 MiB and `codec.MAX_UNPACKED_BYTES` for any rows."""
_FIRST_RATIO = 0.25


class OutgoingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record ready to be sent: its bucket, number, bytes and number of rows."""

    bucket: int
    number: int
    data: bytes
    rows: int

    @property
    def partition_key(self) -> str:
        """Kinesis partition key: the bucket."""
        return f"bucket-{self.bucket:03d}"


class _Bucket:
    """Rows of one bucket that are not in a record yet."""

    __slots__ = ("creators", "display_names", "number", "rows", "size")

    def __init__(self) -> None:
        self.number = 0
        self.clear()

    def clear(self) -> None:
        self.creators: dict[str, int] = {}
        self.display_names: dict[int, str] = {}
        self.rows: list[PackedRow] = []
        self.size = 0

    def add(self, row: CoverRow) -> int:
        """Add a row; return the unpacked size of all rows."""
        url, size = row.url, len(row.url) + 24
        creator = self.creators.get(row.creator)
        if creator is None:
            creator = self.creators[row.creator] = len(self.creators)
            size += len(row.creator)
            if row.display_name:
                self.display_names[creator] = row.display_name
                size += len(row.display_name)
        identity = None
        if not row.identity_follows and image_identity(url) != row.identity:
            identity = row.identity
            size += len(identity)
        if row.fallbacks:
            size += sum(map(len, row.fallbacks))
        self.rows.append(PackedRow(creator, url, row.created_at_ms, row.fallbacks, identity))
        self.size += size
        return self.size


class Packer:
    """Packs rows into records of about `RECORD_BYTES`, by bucket, in the order they are added."""

    def __init__(self, batch: BatchHeader) -> None:
        """Pack for `batch`; record numbers of every bucket start at 0."""
        self._batch = batch
        self._buckets = [_Bucket() for _ in range(BUCKETS)]
        self._ratio = _FIRST_RATIO

    def add(self, row: CoverRow) -> OutgoingRecord | None:
        """Add a row; return its bucket's record if that is full."""
        index = bucket_of(row.creator)
        size = self._buckets[index].add(row)
        if size * self._ratio < RECORD_BYTES and size < MAX_RAW_SIZE:
            return None
        return self._seal(index)

    def numbers(self) -> tuple[int, ...]:
        """Return the number of each bucket's next record."""
        return tuple(bucket.number for bucket in self._buckets)

    def start_numbers_at(self, numbers: Sequence[int]) -> None:
        """Set the number of each bucket's next record; only before the first row."""
        for bucket, number in zip(self._buckets, numbers, strict=True):
            bucket.number = number

    def flush(self) -> Iterator[OutgoingRecord]:
        """Yield a record for every bucket that still holds rows."""
        for index, bucket in enumerate(self._buckets):
            if bucket.rows:
                yield self._seal(index)

    def end(self) -> Iterator[OutgoingRecord]:
        """Yield the end mark of the batch for every bucket; send them after all rows."""
        for index in range(BUCKETS):
            yield self._seal(index, last=True)

    def end_abandoned(self) -> Iterator[OutgoingRecord]:
        """Return the end marks of a batch whose producer has sent an unknown number of records."""
        self.start_numbers_at([LAST_NUMBER] * len(self._buckets))
        return self.end()

    def _seal(self, index: int, *, last: bool = False) -> OutgoingRecord:
        bucket = self._buckets[index]
        data = pack(
            PackedRecord(
                batch=self._batch,
                bucket=index,
                number=bucket.number,
                creators=tuple(bucket.creators),
                rows=tuple(bucket.rows),
                last=last,
                display_names=bucket.display_names,
            )
        )
        record = OutgoingRecord(
            bucket=index, number=bucket.number, data=data, rows=len(bucket.rows)
        )
        if bucket.size > RECORD_BYTES:
            self._ratio = 0.8 * self._ratio + 0.2 * len(data) / bucket.size
        bucket.number += 1
        bucket.clear()
        return record
