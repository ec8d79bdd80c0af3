"""Lambda's Kinesis event around records, in AWS's shape (docs: with-kinesis, "Example event")."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

FIRST_SEQUENCE = 49590338271490256608559692538361571095921575989136588898
ARRIVED_AT = 1_794_000_000.123


def kinesis_event(records: Sequence[bytes], first: int = FIRST_SEQUENCE) -> dict[str, Any]:
    """Return the event that brings `records`, with sequence numbers from `first` on."""
    return {"Records": [_record(first + index, data) for index, data in enumerate(records)]}


def _record(sequence: int, data: bytes) -> dict[str, Any]:
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "bucket-000",
            "sequenceNumber": str(sequence),
            "data": base64.b64encode(data).decode(),
            "approximateArrivalTimestamp": ARRIVED_AT,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{sequence}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/windowing",
        "awsRegion": "us-east-1",
        "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/coverstream-dev",
    }
