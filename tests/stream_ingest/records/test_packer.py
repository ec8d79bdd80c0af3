from __future__ import annotations

from collections import defaultdict
from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.contracts.identity import image_identity
from stream_ingest.records.codec import BUCKETS, bucket_of, unpack
from stream_ingest.records.packer import MAX_RAW_SIZE, RECORD_BYTES, OutgoingRecord, Packer
from stream_ingest.records.rows import CoverRow
from tests.fakes.ingest.rows import cover_row, cover_url, header


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


def test_records_approach_their_target_size_after_a_few_records() -> None:
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


def test_an_identity_is_packed_only_if_it_does_not_follow_from_the_url() -> None:
    """A row whose first URL has expired keeps that URL's identity."""
    other = image_identity(cover_url(2))
    row = msgspec.structs.replace(cover_row(1), identity=other, identity_follows=False)
    packer = Packer(header())
    packer.add(row)
    packer.add(msgspec.structs.replace(cover_row(3), identity_follows=False))
    (record,) = packer.flush()
    first, second = unpack(record.data).rows
    assert (first.identity, second.identity) == (row.identity, None)
    assert next(unpack(record.data).cover_rows()) == row
