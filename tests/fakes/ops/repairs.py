"""Deliveries of ann's rows on moto, and what a repair may do about them."""

from __future__ import annotations

from ops_dashboard.repair.repairs import Repairs
from stream_ingest.records.codec import BatchHeader
from stream_ingest.windowing.delivery import read_delivery
from stream_ingest.windowing.delivery_result import DeliveryResult
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList
from tests.fakes.ingest.aws import OUTPUT, TABLE, IngestAws
from tests.fakes.ingest.delivery import kinesis_event
from tests.fakes.ingest.rows import cover_row, header, record_of

TWO = header("b", images=2)


def deliver(
    aws: IngestAws, numbers: list[int], start: int = 0, batch: BatchHeader = TWO
) -> DeliveryResult:
    rows = [cover_row(number, "ann") for number in numbers]
    event = kinesis_event([record_of(rows, batch, number=start)], first=1 + start)
    return aws.windowing().process(read_delivery(event))


def repairs_of(aws: IngestAws) -> Repairs:
    return Repairs(aws.dynamodb, aws.s3, TABLE, OUTPUT, aws.clock)


def listed(aws: IngestAws) -> list[str]:
    return [entry.key for entry in UnreadableList(aws.dynamodb, TABLE, aws.clock).entries()]


def identities(aws: IngestAws) -> list[str]:
    """Return the URLs of all images of ann's windows, open and closed, in no order."""
    closed = [
        image["url"] for detail in aws.bus.details("WindowReady") for image in detail["images"]
    ]
    state = aws.store.load(["ann"])["ann"]
    return closed + [each.url for window in state.open.values() for each in window.images]
