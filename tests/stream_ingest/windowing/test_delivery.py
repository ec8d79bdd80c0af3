from __future__ import annotations

import base64
import zlib

import msgspec
import pytest

from stream_ingest.contracts.naming import creator_key
from stream_ingest.records.codec import CODEC_VERSION, PackedRecord, PackedRow, pack
from stream_ingest.windowing.delivery import BatchEnd, read_delivery
from tests.fakes.ingest.delivery import ARRIVED_AT, FIRST_SEQUENCE, kinesis_event
from tests.fakes.ingest.rows import cover_row, cover_url, header, record_of


def test_rows_are_gathered_by_creator_in_the_order_of_the_stream() -> None:
    delivery = read_delivery(
        kinesis_event(
            [
                record_of([cover_row(1, "ann"), cover_row(2, "ben")], header(), number=0),
                record_of([cover_row(3, "ben"), cover_row(4, "ann")], header(), number=1),
            ]
        )
    )
    assert (delivery.records, delivery.rows) == (2, 4)
    assert set(delivery.creators) == {"ann", "ben"}
    ann, ben = delivery.creators["ann"], delivery.creators["ben"]
    assert [arrival.row.identity[-1] for arrival in ann.arrivals] == ["1", "4"]
    assert [arrival.position for arrival in ann.arrivals] == [0, (1 << 20) + 1]
    assert [arrival.position for arrival in ben.arrivals] == [1, 1 << 20]
    assert ann.first_sequence == ben.first_sequence == FIRST_SEQUENCE
    assert ann.arrivals[0].batch == header()


def test_creators_are_grouped_by_key() -> None:
    delivery = read_delivery(kinesis_event([record_of([cover_row(1, "a/b 🎉")], header())]))
    (key,) = delivery.creators
    assert key == creator_key("a/b 🎉")
    assert delivery.creators[key].creator == "a/b 🎉"


def test_the_first_record_of_a_creator_is_where_a_redelivery_has_to_start() -> None:
    records = [
        record_of([cover_row(1, "ann")], header(), number=0),
        record_of([cover_row(2, "ben")], header(), number=0),
        record_of([cover_row(3, "ben")], header(), number=1),
    ]
    delivery = read_delivery(kinesis_event(records))
    assert delivery.creators["ben"].first_sequence == FIRST_SEQUENCE + 1


def test_the_end_of_a_batch_is_recorded_with_its_bucket() -> None:
    delivery = read_delivery(kinesis_event([record_of([], header("b"), number=3, last=True)]))
    assert delivery.ends == [
        BatchEnd(batch_id="b", trigger="mysql-push", bucket=0, sequence=FIRST_SEQUENCE)
    ]
    assert delivery.creators == {}


def packed(**changes: object) -> bytes:
    record = PackedRecord(
        batch=header(),
        bucket=0,
        number=0,
        creators=("ann",),
        rows=(PackedRow(0, cover_url(1), 0),),
    )
    return pack(msgspec.structs.replace(record, **changes))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"plain text", "codec version 112"),
        (bytes([CODEC_VERSION + 1]) + packed()[1:], "codec version 3"),
        (packed()[:-3], "truncated"),
        (bytes([CODEC_VERSION]) + zlib.compress(b"{}"), "missing required field"),
        (packed(creators=("ann\n",)), "not a creator name"),
        (packed(creators=("",)), "not a creator name"),
        (packed(creators=("ann", "x" * 129)), "not a creator name"),
        (packed(creators=()), "names creator 0 of 0"),
    ],
)
def test_an_undecodable_record_becomes_poison_unchanged(data: bytes, reason: str) -> None:
    good = record_of([cover_row(2, "ben")], header())
    delivery = read_delivery(kinesis_event([data, good]))
    (poison,) = delivery.poison
    assert reason in poison.reason
    assert (poison.sequence, poison.partition_key) == (FIRST_SEQUENCE, "bucket-000")
    assert poison.arrived_at.timestamp() == int(ARRIVED_AT)
    assert base64.b64decode(poison.data) == data
    assert set(delivery.creators) == {"ben"}
    assert (delivery.records, delivery.rows) == (2, 1)


def test_invalid_base64_is_poison() -> None:
    event = kinesis_event([b"x"])
    event["Records"][0]["kinesis"]["data"] = "%%%"
    (poison,) = read_delivery(event).poison
    assert poison.data == "%%%"
