from __future__ import annotations

import json
import string
import zlib
from collections import defaultdict
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.clock import EARLIEST_MS, LATEST_MS
from stream_ingest.errors import DecodeError
from stream_ingest.identity import image_identity
from stream_ingest.packing import (
    BUCKETS,
    CODEC_VERSION,
    MAX_RAW_SIZE,
    MAX_UNPACKED_BYTES,
    RECORD_BYTES,
    BatchHeader,
    OutgoingRecord,
    PackedRecord,
    PackedRow,
    Packer,
    bucket_of,
    pack,
    unpack,
)
from stream_ingest.rows import CoverRow
from stream_ingest.settings import BatchSettings, FlushPolicy
from tests.fakes.ingest_rows import cover_row, cover_url, header

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
def test_a_record_is_read_as_it_was_packed(record: PackedRecord) -> None:
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
        (b"\x02", "cut short"),
        (b"\x02not zlib", "header"),
        (pack(small_record())[:-1], "cut short"),
        (pack(small_record())[: len(pack(small_record())) // 2], "cut short"),
        (pack(small_record()) + b"more", "4 bytes behind its end"),
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
        (wire(fallbacks={"2": ["f"]}), "behind the last of 2"),
        (wire(identities={"2": "i"}), "behind the last of 2"),
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
def test_what_is_no_record_says_why(data: bytes, reason: str) -> None:
    """Values that the fold or the table could not take end here, not in a crash behind it."""
    with pytest.raises(DecodeError, match=reason):
        unpack(data)


def test_a_row_of_a_creator_that_is_not_listed_is_no_row() -> None:
    record = small_record(rows=(PackedRow(1, cover_url(1), 0),))
    with pytest.raises(DecodeError, match="names creator 1 of 1"):
        list(record.cover_rows())


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = b"\x02" + zlib.compress(b" " * (MAX_UNPACKED_BYTES + 1), 9)
    assert len(bomb) < RECORD_BYTES
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
def test_buckets_stay_what_they_are(creator: str, bucket: int) -> None:
    """A creator in another bucket would lose its order, and its marks their meaning."""
    assert bucket_of(creator) == bucket
    assert BUCKETS == 128


def test_positions_grow_from_row_to_row_and_from_record_to_record() -> None:
    first, second = small_record(), small_record(number=1)
    positions = [record.position(index) for record in (first, second) for index in range(1_000)]
    assert positions == sorted(set(positions))
    assert first.position(0) == 0


@given(st.lists(st.tuples(st.sampled_from(["ann", "ben", "charli", "Zoë"]), st.integers(0, 99))))
def test_a_packer_keeps_each_bucket_in_order_and_numbers_its_records(
    rows: list[tuple[str, int]],
) -> None:
    packer = Packer(header())
    records: list[OutgoingRecord] = []
    wanted: dict[int, list[CoverRow]] = defaultdict(list)
    for creator, number in rows:
        row = cover_row(number, creator)
        wanted[bucket_of(creator)].append(row)
        if record := packer.add(row):
            records.append(record)
    records += [*packer.flush(), *packer.end()]
    unpacked = [unpack(record.data) for record in records]
    for bucket in range(BUCKETS):
        mine = [record for record in unpacked if record.bucket == bucket]
        assert [record.number for record in mine] == list(range(len(mine)))
        assert [row for record in mine for row in record.cover_rows()] == wanted[bucket]
        assert [record.last for record in mine] == [False] * (len(mine) - 1) + [True]
    assert sum(record.rows for record in records) == len(rows)
    assert {record.partition_key for record in records} == {f"bucket-{n:03d}" for n in range(128)}


def signed_row(random: Random, number: int) -> CoverRow:
    url = cover_url(number, expires=1_794_000_000, signature=f"{random.getrandbits(160):040x}")
    return cover_row(number, url=url.replace("/0000000", f"/{random.getrandbits(28):07x}"))


def test_records_come_close_to_their_aim_once_the_packer_knows_the_rows() -> None:
    packer, random = Packer(header()), Random(7)  # noqa: S311 - not a secret
    sizes = [
        len(record.data)
        for number in range(8_000)
        if (record := packer.add(signed_row(random, number)))
    ]
    assert len(sizes) > 10
    assert all(0.8 * RECORD_BYTES < size < 1.2 * RECORD_BYTES for size in sizes[5:])


def test_rows_that_compress_to_nothing_do_not_make_a_record_without_end() -> None:
    """A table with one cover repeated a million times must not become a bomb for the consumer."""
    packer, row = Packer(header()), cover_row(1)
    sealed = [record for _ in range(20_000) if (record := packer.add(row))]
    assert len(sealed) > 3
    assert max(record.rows for record in sealed) * len(row.url) <= MAX_RAW_SIZE


def test_a_record_fits_the_stream_though_rows_stop_compressing() -> None:
    """The packer expects the next rows to compress like the last; these do not."""
    packer, random = Packer(header()), Random(7)  # noqa: S311 - not a secret
    for _ in range(20_000):
        packer.add(cover_row(1))
    rows = [cover_row(1, url=f"https://e.com/{random.randbytes(1_000).hex()}") for _ in range(400)]
    sealed = [record for row in rows if (record := packer.add(row))]
    assert sealed
    assert all(len(record.data) < 1_000_000 for record in sealed)


def test_an_identity_travels_only_where_the_url_does_not_tell_it() -> None:
    """A row whose first URL has expired keeps that URL's identity."""
    row = msgspec.structs.replace(cover_row(1), identity=image_identity(cover_url(2)))
    packer = Packer(header())
    packer.add(row)
    packer.add(cover_row(3))
    (record,) = packer.flush()
    first, second = unpack(record.data).rows
    assert (first.identity, second.identity) == (row.identity, None)
    assert next(unpack(record.data).cover_rows()) == row
