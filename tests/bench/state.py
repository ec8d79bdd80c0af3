"""What keeping the windows costs in DynamoDB: write units for each image, as DynamoDB says itself.

The windowing Lambda's parts (states, windows, image lists, tallies, the mark that an event is out)
on the embedded AWS, whose ConsumedCapacity counts items, indexes and transactions by AWS's rules
(docs/facts.md#ministack); not the collage Lambda's status changes. The peer is what a plain design
writes: an item for each URL in a table without an index, and one with the URLs of each full window.
"""

from __future__ import annotations

import statistics
from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any

from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.planner.windowing_work import RECORDS_PER_DELIVERY
from stream_ingest.aws.items import to_wire
from stream_ingest.records.codec import BatchHeader, PackedRecord, PackedRow, bucket_of, pack
from stream_ingest.records.rows import CoverRow
from stream_ingest.windowing.delivery import read_delivery
from stream_ingest.windowing.stream_processor import StreamProcessor
from tests.bench.measure import hand_over, say
from tests.bench.results import OURS, Limit, Measure
from tests.bench.rows import cover_rows, packed
from tests.fakes.ingest.aws import TABLE, IngestAws

SORTED_ROWS = 10_000
ROWS_OF_A_CREATOR = 100
DRIP_ROWS = 350
_WINDOW = 35
_PLAIN = "plain"
_DRIPPING = "drop.by.drop"
_WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")


class Units:
    """Adds up the write units of all calls of a client."""

    def __init__(self, dynamodb: Any) -> None:  # noqa: ANN401 - a boto3 client
        """Listen to a client from now on."""
        self.total = 0.0
        for name in _WRITES:
            dynamodb.meta.events.register(f"before-parameter-build.dynamodb.{name}", self._ask)
            dynamodb.meta.events.register(f"after-call.dynamodb.{name}", self._add)

    def taken(self) -> float:
        """Return the units since the last look."""
        total, self.total = self.total, 0.0
        return total

    def _ask(self, params: dict[str, Any], **_: object) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def _add(self, parsed: dict[str, Any], **_: object) -> None:
        found = parsed.get("ConsumedCapacity", [])
        for each in found if isinstance(found, list) else [found]:
            self.total += each["CapacityUnits"]


def records(datas: Iterable[tuple[str, bytes]], first: int = 1) -> dict[str, Any]:
    """Return an invocation's event of records: partition keys and bytes."""
    return {
        "Records": [
            {
                "eventID": f"shardId-000000000000:{sequence}",
                "kinesis": {
                    "sequenceNumber": str(sequence),
                    "partitionKey": key,
                    "data": b64encode(data).decode(),
                    "approximateArrivalTimestamp": 1_795_000_000.0,
                },
            }
            for sequence, (key, data) in enumerate(datas, first)
        ]
    }


def sorted_batch(windowing: StreamProcessor) -> int:
    """Fold a batch sorted by creator, a delivery's records at a time; return the images accepted.

    All of its records together have less than the 6 MB at which Lambda ends a delivery.
    """
    rows = list(cover_rows(SORTED_ROWS, by_creator=True, creators=SORTED_ROWS // ROWS_OF_A_CREATOR))
    outgoing = list(packed(iter(rows)))
    accepted = 0
    for start in range(0, len(outgoing), RECORDS_PER_DELIVERY):
        chosen = outgoing[start : start + RECORDS_PER_DELIVERY]
        event = records(((each.partition_key, each.data) for each in chosen), start + 1)
        outcome = windowing.process(read_delivery(event))
        assert not outcome.failures, outcome.failures
        accepted += outcome.accepted
    return accepted


def drip(windowing: StreamProcessor, units: Units) -> list[float]:
    """Fold one creator's rows one at a time, an invocation each; return the units of each."""
    taken = []
    header = BatchHeader(batch_id="drip", trigger="mysql-push")
    for number, row in enumerate(cover_rows(DRIP_ROWS, seed=8)):
        record = PackedRecord(
            batch=header,
            bucket=bucket_of(_DRIPPING),
            number=number,
            creators=(_DRIPPING,),
            rows=(PackedRow(0, row.url, row.created_at_ms),),
        )
        event = records([("bucket", pack(record))], number + 1)
        outcome = windowing.process(read_delivery(event))
        assert outcome.accepted == 1, outcome
        taken.append(units.taken())
    return taken


def plain(dynamodb: Any, rows: Sequence[CoverRow]) -> int:  # noqa: ANN401 - a boto3 client
    """Write an item for each URL, and one for each 35 of them."""
    keys = [("creator_name", "HASH"), ("item", "RANGE")]
    dynamodb.create_table(
        TableName=_PLAIN,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
    )
    for start in range(0, len(rows), _WINDOW):
        window = rows[start : start + _WINDOW]
        for row in window:
            fields = {"item": row.identity, "url": row.url, "created_at": row.created_at_ms}
            item = to_wire({"creator_name": row.creator, "status": "new", **fields})
            dynamodb.put_item(TableName=_PLAIN, Item=item)
        urls = [row.url for row in window]
        item = to_wire({"creator_name": window[0].creator, "item": f"window#{start}", "urls": urls})
        dynamodb.put_item(TableName=_PLAIN, Item=item)
    return len(rows)


def main() -> None:
    """Measure."""
    with LocalAws.start() as local:
        clients = {name: local.clients.untyped(name) for name in ("dynamodb", "s3")}
        units = Units(clients["dynamodb"])
        aws = IngestAws(clients)
        windowing = aws.windowing()
        accepted = sorted_batch(windowing)
        in_batch = units.taken() / accepted
        say(f"sorted: {accepted:,} images in {TABLE}, {in_batch:.3f} units each")
        drops = drip(windowing, units)
        first, dripped = statistics.mean(drops[:_WINDOW]), statistics.mean(drops)
        say(f"drip: {len(drops):,} images, {dripped:.3f} units each")
        accepted = plain(clients["dynamodb"], list(cover_rows(DRIP_ROWS, seed=9, creators=1)))
        peer = units.taken() / accepted
    unit = "units/image"
    batch = Measure(
        name="state",
        unit=unit,
        ours=in_batch,
        more_is_better=False,
        peers={"item per URL": peer},
        limits={OURS: Limit(most=0.5)},
        note="ConsumedCapacity of the embedded DynamoDB, 100 rows a creator",
    )
    one = Measure(
        name="state.drip",
        unit=unit,
        ours=dripped,
        more_is_better=False,
        peers={"item per URL": peer},
        limits={OURS: Limit(most=4)},
        note=f"{DRIP_ROWS // _WINDOW} windows of one creator; {first:.2f} in the first of them",
    )
    hand_over([batch, one])


if __name__ == "__main__":
    main()
