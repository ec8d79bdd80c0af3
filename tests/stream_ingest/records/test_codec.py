from __future__ import annotations

import json
import string
import zlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.settings import BatchSettings, FlushPolicy
from stream_ingest.contracts.timestamps import EARLIEST_MS, LATEST_MS
from stream_ingest.records.codec import (
    BUCKETS,
    CODEC_VERSION,
    MAX_UNPACKED_BYTES,
    BatchHeader,
    PackedRecord,
    PackedRow,
    bucket_of,
    pack,
    unpack,
)
from tests.fakes.ingest.rows import cover_url, header

NAMES = st.text(string.ascii_letters + string.digits, min_size=1, max_size=20)
TEXT = st.text(min_size=1, max_size=40)
HEADERS = st.builds(
    BatchHeader,
    batch_id=NAMES,
    trigger=NAMES,
    settings=st.builds(
        BatchSettings,
        images_per_window=st.integers(1, 35),
        flush=st.builds(FlushPolicy, kind=st.sampled_from(["never", "idle", "batch-end"])),
    ),
)
RECORDS = st.builds(
    PackedRecord,
    batch=HEADERS,
    bucket=st.integers(0, BUCKETS - 1),
    number=st.integers(0, 1 << 39),
    creators=st.lists(TEXT, min_size=1, max_size=4).map(tuple),
    rows=st.lists(
        st.builds(
            PackedRow,
            st.integers(0, 9),
            TEXT,
            st.integers(EARLIEST_MS, LATEST_MS),
            st.lists(TEXT, max_size=3).map(tuple),
            st.none() | TEXT,
        ),
        max_size=6,
    ).map(tuple),
    last=st.booleans(),
)


@given(RECORDS)
def test_a_record_survives_packing_and_unpacking(record: PackedRecord) -> None:
    assert unpack(pack(record)) == record


def small_record(**changes: Any) -> PackedRecord:  # noqa: ANN401 - any field
    rows = (PackedRow(0, cover_url(1), 1_790_000_000_000), PackedRow(0, cover_url(2), 0))
    record = PackedRecord(batch=header(), bucket=84, number=0, creators=("charli",), rows=rows)
    return msgspec.structs.replace(record, **changes)


def wire(**changes: object) -> bytes:
    """A record whose JSON says something that `pack` would never write."""
    content = json.loads(zlib.decompress(pack(small_record())[1:])) | changes
    return bytes([CODEC_VERSION]) + zlib.compress(msgspec.json.encode(content))


def repacked(before: bytes, after: bytes) -> bytes:
    """A record with other bytes inside its compression."""
    content = zlib.decompress(pack(small_record())[1:])
    assert before in content
    return bytes([CODEC_VERSION]) + zlib.compress(content.replace(before, after))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\x00" + pack(small_record())[1:], "codec version 0"),
        (b"\x01" + pack(small_record())[1:], "codec version 1, this consumer reads 2"),
        (b"\x03" + pack(small_record())[1:], "codec version 3, this consumer reads 2"),
        (b"\x02", "truncated"),
        (b"\x02not zlib", "header"),
        (pack(small_record())[:-1], "truncated"),
        (pack(small_record())[: len(pack(small_record())) // 2], "truncated"),
        (pack(small_record()) + b"more", "4 bytes after its end"),
        (b"\x02" + zlib.compress(b"\xff\xfe"), "record"),
        (repacked(b"batch-1", b"batch-\xff"), "utf-8"),
        (b"\x02" + zlib.compress(b"[]"), "Expected `object`"),
        (b"\x02" + zlib.compress(b"{}"), "missing required field `batch`"),
        (wire(colour=1), "unknown field `colour`"),
        (wire(of="none"), r"\$.of"),
        (wire(times=["yesterday", 1]), r"\$.times"),
        (wire(urls=["", "u"]), r"\$.urls"),
        (wire(urls=["u" * 2_049, "u"]), r"\$.urls"),
        (wire(times=[LATEST_MS, 1]), "a time that no date has"),
        (wire(times=[EARLIEST_MS, -1]), "a time that no date has"),
        (wire(of=[-1, 0]), r"\$.of"),
        (wire(of=[0]), "1 creators, 2 urls and 2 times"),
        (wire(urls=["u"] * 3), "2 creators, 3 urls and 2 times"),
        (wire(fallbacks={"0": ["f", "f", "f", "f"]}), r"\$.fallbacks"),
        (wire(fallbacks={"2": ["f"]}), "after the last of 2"),
        (wire(identities={"2": "i"}), "after the last of 2"),
        (wire(identities={"0": ""}), r"\$.identities"),
        (wire(bucket=BUCKETS), r"\$.bucket"),
        (wire(number=-1), r"\$.number"),
        (wire(number=1 << 50), r"\$.number"),
        (wire(batch={"batch_id": "", "trigger": "t"}), r"\$.batch.batch_id"),
        (wire(batch={"batch_id": "a#b", "trigger": "t"}), r"\$.batch.batch_id"),
        (wire(batch={"batch_id": "a\n", "trigger": "t"}), r"\$.batch.batch_id"),
        (wire(batch={"batch_id": "a", "trigger": "../x"}), r"\$.batch.trigger"),
        (
            wire(batch={"batch_id": "a", "trigger": "t", "settings": {"images_per_window": 99}}),
            "does not fit",
        ),
    ],
)
def test_an_invalid_record_is_an_error_with_its_reason(data: bytes, reason: str) -> None:
    """Values that the fold or the table could not take end here, not in a crash behind it."""
    with pytest.raises(DecodeError, match=reason):
        unpack(data)


def test_a_row_of_an_unlisted_creator_is_a_decode_error() -> None:
    record = small_record(rows=(PackedRow(1, cover_url(1), 0),))
    with pytest.raises(DecodeError, match="names creator 1 of 1"):
        list(record.cover_rows())


def test_a_decompression_bomb_is_refused() -> None:
    bomb = b"\x02" + zlib.compress(b" " * (MAX_UNPACKED_BYTES + 1), 9)
    assert len(bomb) < 25_000
    with pytest.raises(DecodeError, match="over 16777216 bytes"):
        unpack(bomb)


@given(st.binary(max_size=200))
def test_garbage_is_a_decode_error_and_nothing_else(data: bytes) -> None:
    with pytest.raises(DecodeError):
        unpack(data)


@given(RECORDS, st.lists(st.tuples(st.integers(0), st.integers(1, 255)), min_size=1, max_size=4))
def test_a_damaged_record_is_refused_or_still_a_record(
    record: PackedRecord, damage: list[tuple[int, int]]
) -> None:
    data = bytearray(pack(record))
    for at, bits in damage:
        data[at % len(data)] ^= bits
    try:
        unpack(bytes(data))
    except DecodeError:
        return


@given(RECORDS, st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=4))
def test_damage_inside_the_compression_is_refused_or_still_a_record(
    record: PackedRecord, damage: list[tuple[int, int]]
) -> None:
    """As above, but past zlib's checksum: what is tried here is the JSON and its contract."""
    content = bytearray(zlib.decompress(pack(record)[1:]))
    for at, byte in damage:
        content[at % len(content)] = byte
    try:
        read = unpack(bytes([CODEC_VERSION]) + zlib.compress(bytes(content)))
        list(read.cover_rows())
    except DecodeError:
        return
    assert read.number >= 0


@pytest.mark.parametrize(("creator", "bucket"), [("charli", 84), ("Zoë", 42), ("🎉", 55), ("x", 3)])
def test_buckets_never_change(creator: str, bucket: int) -> None:
    """A creator in another bucket would lose its order, and its marks their meaning."""
    assert bucket_of(creator) == bucket
    assert BUCKETS == 128


def test_positions_grow_from_row_to_row_and_from_record_to_record() -> None:
    first, second = small_record(), small_record(number=1)
    positions = [record.position(index) for record in (first, second) for index in range(1_000)]
    assert positions == sorted(set(positions))
    assert first.position(0) == 0
