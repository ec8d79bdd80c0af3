"""The Kinesis record: many rows of many creators, packed, compressed and versioned. Pure.

A record is one byte of codec version and a zlib stream of compact JSON: a `PackedRecord`, its rows
by column, since like things beside each other compress best (`_Wire`). Rows are bucketed by a
stable hash of the creator; the bucket is the partition key, so all rows of a creator stay in order
on one shard. Within a batch each bucket's records are numbered from 0, and a row's `position` is
that number and its place in the record. A producer sends record n+1 of a bucket only after record n
was accepted, and sends the very same bytes again when in doubt: so whatever has a position at or
below a creator's mark has been folded before, whoever delivered it twice.

At about 67 bytes a row a record of 25 KB carries 370 rows: a shard (1,000 records/s or 1 MB/s, AWS
Kinesis quotas) takes some 14,000 rows/s instead of 1,000.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, starmap
from operator import sub
from typing import Annotated, Self

import msgspec

from stream_ingest.clock import EARLIEST_MS, LATEST_MS
from stream_ingest.errors import DecodeError
from stream_ingest.identity import image_identity
from stream_ingest.rows import MAX_FALLBACKS, MAX_URL_LENGTH, CoverRow
from stream_ingest.settings import BatchSettings

CODEC_VERSION = 2
BUCKETS = 128
"""Fixed for ever: another number would move creators between buckets and lose their order."""
RECORD_BYTES = 25_000
"""Aim of a record's size. Kinesis bills on-demand by KB and provisioned by 25 KB units."""
MAX_RAW_SIZE = 250_000
"""Rows of this many characters end a record however well they compress: it has to stay below the
stream's 1 MiB and `MAX_UNPACKED_BYTES` whatever the rows are."""
MAX_UNPACKED_BYTES = 16 << 20
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._\-]{0,63}\Z"
"""What a batch id and a trigger look like: both become parts of keys."""
_LEVEL, _WINDOW_BITS, _STRATEGY = 5, 13, zlib.Z_FILTERED
"""Whatever repeats does so within 8 KB; the rest is as good as random, and short matches in it cost
more than they save. Against zlib's own choice 2 % smaller in three fifths of the time."""
_ROW_BITS = 20
_MAX_NUMBER = 1 << 40
_FIRST_RATIO = 0.25

_BucketNumber = Annotated[int, msgspec.Meta(ge=0, lt=BUCKETS)]
_Name = Annotated[str, msgspec.Meta(pattern=NAME_PATTERN)]
_Index = Annotated[int, msgspec.Meta(ge=0)]
_Url = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_URL_LENGTH)]
_Fallbacks = Annotated[tuple[_Url, ...], msgspec.Meta(max_length=MAX_FALLBACKS)]
_Identity = Annotated[str, msgspec.Meta(min_length=1, max_length=2 * MAX_URL_LENGTH)]


class BatchHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every record says of the batch that it belongs to."""

    batch_id: _Name
    trigger: _Name
    settings: BatchSettings = BatchSettings()


class PackedRow(msgspec.Struct, frozen=True, gc=False):
    """One row within a record; `identity` only where it does not follow from `url`."""

    creator: int
    url: str
    created_at_ms: int
    fallbacks: tuple[str, ...] = ()
    identity: str | None = None


class PackedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The content of one Kinesis record. `last` marks the end of the batch in this bucket."""

    batch: BatchHeader
    bucket: int
    number: int
    creators: tuple[str, ...] = ()
    rows: tuple[PackedRow, ...] = ()
    last: bool = False

    def position(self, index: int) -> int:
        """Return the position of row `index` among all rows of this batch and bucket."""
        return self.number << _ROW_BITS | index

    def cover_rows(self) -> Iterator[CoverRow]:
        """Yield the rows as they were packed; `DecodeError` for a creator that is not listed."""
        for row in self.rows:
            if row.creator >= len(self.creators):
                msg = f"record: row names creator {row.creator} of {len(self.creators)}"
                raise DecodeError(msg)
            yield CoverRow(
                creator=self.creators[row.creator],
                url=row.url,
                fallbacks=row.fallbacks,
                identity=row.identity or image_identity(row.url),
                created_at_ms=row.created_at_ms,
            )


class _Wire(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A record as it is written down.

    Element n of `of`, `urls` and `times` is row n's; `times` are milliseconds since the row before
    it, the first since 1970. `fallbacks` and `identities` are by row, of those that have any.
    """

    batch: BatchHeader
    bucket: _BucketNumber
    number: Annotated[int, msgspec.Meta(ge=0, lt=_MAX_NUMBER)]
    creators: tuple[str, ...] = ()
    of: Annotated[tuple[_Index, ...], msgspec.Meta(max_length=1 << _ROW_BITS)] = ()
    urls: tuple[_Url, ...] = ()
    times: tuple[int, ...] = ()
    fallbacks: dict[_Index, _Fallbacks] = {}
    identities: dict[_Index, _Identity] = {}
    last: bool = False

    @classmethod
    def of_record(cls, record: PackedRecord) -> Self:
        """Return a record's columns."""
        rows = record.rows
        moments = [row.created_at_ms for row in rows]
        return cls(
            batch=record.batch,
            bucket=record.bucket,
            number=record.number,
            creators=record.creators,
            of=tuple([row.creator for row in rows]),
            urls=tuple([row.url for row in rows]),
            times=tuple(map(sub, moments, [0, *moments])),
            fallbacks={n: row.fallbacks for n, row in enumerate(rows) if row.fallbacks},
            identities={n: row.identity for n, row in enumerate(rows) if row.identity},
            last=record.last,
        )

    def record(self) -> PackedRecord:
        """Return the record; `DecodeError` for columns that do not belong together."""
        moments = tuple(accumulate(self.times))
        count = len(moments)
        if not len(self.of) == len(self.urls) == count:
            msg = f"record: {len(self.of)} creators, {len(self.urls)} urls and {count} times"
            raise DecodeError(msg)
        if moments and not EARLIEST_MS <= min(moments) <= max(moments) <= LATEST_MS:
            msg = "record: a time that no date has"
            raise DecodeError(msg)
        if max((*self.fallbacks, *self.identities), default=-1) >= count:
            msg = f"record: a fallback or an identity of a row behind the last of {count}"
            raise DecodeError(msg)
        return PackedRecord(
            batch=self.batch,
            bucket=self.bucket,
            number=self.number,
            creators=self.creators,
            rows=tuple(self._rows(moments)),
            last=self.last,
        )

    def _rows(self, moments: Sequence[int]) -> Iterable[PackedRow]:
        columns = zip(self.of, self.urls, moments, strict=True)
        if not self.fallbacks and not self.identities:
            return starmap(PackedRow, columns)
        return (
            PackedRow(*row, self.fallbacks.get(n, ()), self.identities.get(n))
            for n, row in enumerate(columns)
        )


class OutgoingRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record ready to be sent: its bucket, number, bytes and how many rows are in it."""

    bucket: int
    number: int
    data: bytes
    rows: int

    @property
    def partition_key(self) -> str:
        """Kinesis partition key: the bucket."""
        return f"bucket-{self.bucket:03d}"


def bucket_of(creator: str) -> int:
    """Return the bucket of a creator, 0 to `BUCKETS` - 1; the same for ever and everywhere."""
    return zlib.crc32(creator.encode()) % BUCKETS


def pack(record: PackedRecord) -> bytes:
    """Return the bytes of a record; `unpack` reads them back."""
    deflater = zlib.compressobj(_LEVEL, wbits=_WINDOW_BITS, strategy=_STRATEGY)
    packed = deflater.compress(msgspec.json.encode(_Wire.of_record(record)))
    return bytes([CODEC_VERSION]) + packed + deflater.flush()


def unpack(data: bytes) -> PackedRecord:
    """Return the record in `data`; `DecodeError` says what is wrong with it."""
    if not data:
        msg = "record: empty"
        raise DecodeError(msg)
    if data[0] != CODEC_VERSION:
        msg = f"record: codec version {data[0]}, this consumer reads {CODEC_VERSION}"
        raise DecodeError(msg)
    inflater = zlib.decompressobj()
    try:
        raw = inflater.decompress(data[1:], MAX_UNPACKED_BYTES)
    except zlib.error as error:
        msg = f"record: {error}"
        raise DecodeError(msg) from error
    if not inflater.eof:
        msg = f"record: cut short, or over {MAX_UNPACKED_BYTES} bytes unpacked"
        raise DecodeError(msg)
    if inflater.unused_data:
        msg = f"record: {len(inflater.unused_data)} bytes behind its end"
        raise DecodeError(msg)
    try:
        return msgspec.json.decode(raw, type=_Wire).record()
    except (msgspec.DecodeError, UnicodeError) as error:
        msg = f"record: {error}"
        raise DecodeError(msg) from error


class _Bucket:
    """Rows of one bucket that wait for their record."""

    __slots__ = ("creators", "number", "rows", "size")

    def __init__(self) -> None:
        self.number = 0
        self.clear()

    def clear(self) -> None:
        self.creators: dict[str, int] = {}
        self.rows: list[PackedRow] = []
        self.size = 0

    def add(self, row: CoverRow) -> int:
        """Take a row; return how long all rows are by now, unpacked."""
        url, size = row.url, len(row.url) + 24
        creator = self.creators.get(row.creator)
        if creator is None:
            creator = self.creators[row.creator] = len(self.creators)
            size += len(row.creator)
        identity = None
        if image_identity(url) != row.identity:
            identity = row.identity
            size += len(identity)
        if row.fallbacks:
            size += sum(map(len, row.fallbacks))
        self.rows.append(PackedRow(creator, url, row.created_at_ms, row.fallbacks, identity))
        self.size += size
        return self.size


class Packer:
    """Gathers rows into records of about `RECORD_BYTES`, by bucket, in the order they came."""

    def __init__(self, batch: BatchHeader) -> None:
        """Pack for `batch`; numbers of every bucket start at 0."""
        self._batch = batch
        self._buckets = [_Bucket() for _ in range(BUCKETS)]
        self._ratio = _FIRST_RATIO

    def add(self, row: CoverRow) -> OutgoingRecord | None:
        """Take a row; return its bucket's record once that is full."""
        index = bucket_of(row.creator)
        size = self._buckets[index].add(row)
        if size * self._ratio < RECORD_BYTES and size < MAX_RAW_SIZE:
            return None
        return self._seal(index)

    def numbers(self) -> tuple[int, ...]:
        """Return the number of each bucket's next record."""
        return tuple(bucket.number for bucket in self._buckets)

    def number_from(self, numbers: Sequence[int]) -> None:
        """Go on numbering where `numbers` says; only before the first row."""
        for bucket, number in zip(self._buckets, numbers, strict=True):
            bucket.number = number

    def flush(self) -> Iterator[OutgoingRecord]:
        """Yield a record for every bucket that still holds rows."""
        for index, bucket in enumerate(self._buckets):
            if bucket.rows:
                yield self._seal(index)

    def end(self) -> Iterator[OutgoingRecord]:
        """Yield the mark of the batch's end for every bucket; to be sent after all rows."""
        for index in range(BUCKETS):
            yield self._seal(index, last=True)

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
