"""The Kinesis record: rows of many creators, packed, compressed and versioned. Pure.

A record is one byte of codec version and a zlib stream of compact JSON: a `PackedRecord`, its rows
by column, because similar values next to each other compress best (`_Wire`). Rows are bucketed by a
stable hash of the creator; the bucket is the partition key, so all rows of a creator stay in order
on one shard. Within a batch each bucket's records are numbered from 0, and a row's `position` is
that number and its index in the record. A producer sends record n+1 of a bucket only after record n
was accepted, and sends the same bytes again when in doubt: so a row whose position is at or
below a creator's watermark has been folded before, whatever caused the second delivery.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, starmap
from operator import sub
from typing import Annotated, Self

import msgspec
from zlib_ng import zlib_ng

from stream_ingest.contracts.creators import MAX_DISPLAY_BYTES
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.identity import image_identity
from stream_ingest.contracts.naming import MAX_BATCH_ID, MAX_TRIGGER
from stream_ingest.contracts.settings import BatchSettings
from stream_ingest.contracts.timestamps import EARLIEST_MS, LATEST_MS
from stream_ingest.records.rows import MAX_FALLBACKS, MAX_URL_LENGTH, CoverRow

CODEC_VERSION = 2
BUCKETS = 128
"""Must never change: another number would move creators between buckets and lose their order."""
MAX_UNPACKED_BYTES = 16 << 20
BATCH_ID_PATTERN = rf"^[A-Za-z0-9][A-Za-z0-9._\-]{{0,{MAX_BATCH_ID - 1}}}\Z"
TRIGGER_PATTERN = rf"^[A-Za-z0-9][A-Za-z0-9._\-]{{0,{MAX_TRIGGER - 1}}}\Z"
"""Batch ids and triggers become parts of keys."""
_LEVEL, _WINDOW_BITS = 5, 13
"""Repetitions are within 8 KB of each other. zlib-ng's level 5 compresses 3 % better than zlib, in
half the time; the format is zlib's."""
_ROW_BITS = 20
_MAX_NUMBER = 1 << 40
LAST_NUMBER = _MAX_NUMBER - 1
"""Number of the end marks that end an abandoned batch, whatever its producer has sent."""

_BucketNumber = Annotated[int, msgspec.Meta(ge=0, lt=BUCKETS)]
_BatchId = Annotated[str, msgspec.Meta(pattern=BATCH_ID_PATTERN)]
_Trigger = Annotated[str, msgspec.Meta(pattern=TRIGGER_PATTERN)]
_Index = Annotated[int, msgspec.Meta(ge=0)]
_Url = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_URL_LENGTH)]
_Fallbacks = Annotated[tuple[_Url, ...], msgspec.Meta(max_length=MAX_FALLBACKS)]
_DisplayName = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_DISPLAY_BYTES)]
_Identity = Annotated[str, msgspec.Meta(min_length=1, max_length=2 * MAX_URL_LENGTH)]


class BatchHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The batch that a record belongs to."""

    batch_id: _BatchId
    trigger: _Trigger
    settings: BatchSettings = BatchSettings()


class PackedRow(msgspec.Struct, frozen=True, gc=False):
    """One row within a record; `identity` is None if it follows from `url`."""

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
    display_names: dict[int, str] = {}
    """By creator: how its first row spells it, if that is not its name."""

    def position(self, index: int) -> int:
        """Return the position of row `index` among all rows of this batch and bucket."""
        return self.number << _ROW_BITS | index

    def cover_rows(self) -> Iterator[CoverRow]:
        """Yield the rows; raises `DecodeError` if a row refers to a creator that is not listed."""
        names, spelled = self.creators, self.display_names
        for row in self.rows:
            number = row.creator
            if number >= len(names):
                msg = f"record: row names creator {number} of {len(names)}"
                raise DecodeError(msg)
            yield CoverRow(
                creator=names[number],
                url=row.url,
                fallbacks=row.fallbacks,
                identity=row.identity or image_identity(row.url),
                created_at_ms=row.created_at_ms,
                identity_follows=row.identity is None,
                display_name=spelled.get(number, "") if spelled else "",
            )


class _Wire(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """The encoded form of a record.

    Element n of `of`, `urls` and `times` is row n's; `times` are milliseconds since the row before
    it, the first since 1970. `fallbacks` and `identities` are by row, of those that have any;
    `display_names` by creator. Functions of earlier versions do not know `display_names`.
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
    display_names: dict[_Index, _DisplayName] = {}

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
            display_names=record.display_names,
        )

    def record(self) -> PackedRecord:
        """Return the record; raises `DecodeError` if the columns are inconsistent."""
        moments = tuple(accumulate(self.times))
        count = len(moments)
        if not len(self.of) == len(self.urls) == count:
            msg = f"record: {len(self.of)} creators, {len(self.urls)} urls and {count} times"
            raise DecodeError(msg)
        if moments and not EARLIEST_MS <= min(moments) <= max(moments) <= LATEST_MS:
            msg = "record: a time that no date has"
            raise DecodeError(msg)
        if max((*self.fallbacks, *self.identities), default=-1) >= count:
            msg = f"record: a fallback or an identity of a row after the last of {count}"
            raise DecodeError(msg)
        return PackedRecord(
            batch=self.batch,
            bucket=self.bucket,
            number=self.number,
            creators=self.creators,
            rows=tuple(self._rows(moments)),
            last=self.last,
            display_names=self.display_names,
        )

    def _rows(self, moments: Sequence[int]) -> Iterable[PackedRow]:
        columns = zip(self.of, self.urls, moments, strict=True)
        if not self.fallbacks and not self.identities:
            return starmap(PackedRow, columns)
        return (
            PackedRow(*row, self.fallbacks.get(n, ()), self.identities.get(n))
            for n, row in enumerate(columns)
        )


def bucket_of(creator: str) -> int:
    """Return the bucket of a creator, 0 to `BUCKETS` - 1; it never changes."""
    return zlib_ng.crc32(creator.encode()) % BUCKETS


def pack(record: PackedRecord) -> bytes:
    """Return the bytes of a record; `unpack` decodes them."""
    deflater = zlib_ng.compressobj(_LEVEL, wbits=_WINDOW_BITS)
    packed = deflater.compress(msgspec.json.encode(_Wire.of_record(record)))
    return bytes([CODEC_VERSION]) + packed + deflater.flush()


def unpack(data: bytes) -> PackedRecord:
    """Return the record in `data`; raises `DecodeError` if it is not valid."""
    if not data:
        msg = "record: empty"
        raise DecodeError(msg)
    if data[0] != CODEC_VERSION:
        msg = f"record: codec version {data[0]}, this consumer reads {CODEC_VERSION}"
        raise DecodeError(msg)
    inflater = zlib_ng.decompressobj()
    try:
        raw = inflater.decompress(data[1:], MAX_UNPACKED_BYTES)
    except zlib_ng.error as error:  # type: ignore[misc] # a class, whatever its stub says
        msg = f"record: {error}"
        raise DecodeError(msg) from error
    if not inflater.eof:
        msg = f"record: truncated, or over {MAX_UNPACKED_BYTES} bytes unpacked"
        raise DecodeError(msg)
    if inflater.unused_data:
        msg = f"record: {len(inflater.unused_data)} bytes after its end"
        raise DecodeError(msg)
    try:
        return msgspec.json.decode(raw, type=_Wire).record()
    except (msgspec.DecodeError, UnicodeError) as error:
        msg = f"record: {error}"
        raise DecodeError(msg) from error
