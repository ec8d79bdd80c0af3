"""The rows of one record that wait for their creator's state, as they are stored. Pure.

They are a packed record of their own (`records.codec`, which has its own versions), beside their
positions in the batch and the time at which the stream received them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from stream_ingest.contracts.errors import DecodeError
from stream_ingest.records.codec import PackedRecord, PackedRow, bucket_of, pack, unpack
from stream_ingest.windowing.rules.fold import Arrival

MAX_BYTES = 300_000
"""Maximum size of one item's rows; DynamoDB takes 400 KB."""


class _Wire(msgspec.Struct, array_like=True, frozen=True):
    schema: Literal[1]
    arrived_at_s: int
    positions: tuple[int, ...]
    record: bytes


def encode_rows(arrivals: Sequence[Arrival]) -> bytes:
    """Return the rows of one record and one creator; `decode_rows` reads them back."""
    first = arrivals[0]
    name = first.row.display_name
    rows = tuple(
        PackedRow(
            0,
            each.row.url,
            each.row.created_at_ms,
            each.row.fallbacks,
            None if each.row.identity_follows else each.row.identity,
        )
        for each in arrivals
    )
    record = PackedRecord(
        batch=first.batch,
        bucket=bucket_of(first.row.creator),
        number=0,
        creators=(first.row.creator,),
        rows=rows,
        display_names={0: name} if name else {},
    )
    positions = tuple(each.position for each in arrivals)
    return msgspec.msgpack.encode(_Wire(1, first.arrived_at_s, positions, pack(record)))


def decode_rows(data: bytes) -> list[Arrival]:
    """Return the rows that `encode_rows` encoded; raises `DecodeError` for other bytes."""
    try:
        wire = msgspec.msgpack.decode(data, type=_Wire)
    except (msgspec.DecodeError, UnicodeError) as error:
        msg = f"deferred rows: {error}"
        raise DecodeError(msg) from error
    record = unpack(wire.record)
    rows = list(record.cover_rows())
    if len(rows) != len(wire.positions):
        msg = f"deferred rows: {len(rows)} rows at {len(wire.positions)} positions"
        raise DecodeError(msg)
    return [
        Arrival(record.batch, position, row, wire.arrived_at_s)
        for position, row in zip(wire.positions, rows, strict=True)
    ]


def chunks(arrivals: Sequence[Arrival]) -> Iterator[tuple[Sequence[Arrival], bytes]]:
    """Yield rows with their encoding, each small enough for an item."""
    data = encode_rows(arrivals)
    if len(data) <= MAX_BYTES or len(arrivals) == 1:
        yield arrivals, data
        return
    middle = len(arrivals) // 2
    yield from chunks(arrivals[:middle])
    yield from chunks(arrivals[middle:])
