"""Kinesis and its Lambda mapping: records by shard, invocations of 400 records or 6 MB. Pure.

A shard has the partition keys whose MD5 is in its part of the hash range, which Kinesis splits
evenly. The mapping fills an invocation up to the stack's `RECORDS_PER_DELIVERY` and Lambda's
6 MB.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import md5
from typing import Any

from ops_dashboard.planner.windowing_work import RECORDS_PER_DELIVERY
from stream_ingest.records.packer import OutgoingRecord
from tests.simulate.limits import MAX_PAYLOAD_BYTES, check_payload

_ENVELOPE = 700
"""What AWS writes around a record's data, and some."""


def shard_of(bucket: int, shards: int) -> int:
    """Return the number of the shard of a bucket's records."""
    key = f"bucket-{bucket:03d}".encode()
    return int.from_bytes(md5(key, usedforsecurity=False).digest()) * shards >> 128


class Shard:
    """Records that wait for their invocation."""

    def __init__(self, number: int) -> None:
        """Begin empty."""
        self.name = f"shardId-{number:012d}"
        self.done_until: float | None = None
        """Up to when its rows have been folded (simulated epoch seconds)."""
        self._entries: list[dict[str, Any]] = []
        self._bytes = self._sequence = self.largest_payload = 0

    def put(self, record: OutgoingRecord, arrived_s: float) -> dict[str, Any] | None:
        """Add a record; return the event of an invocation that is full, if any."""
        data = b64encode(record.data).decode()
        size = len(data) + _ENVELOPE
        event = self.take() if self._bytes + size > MAX_PAYLOAD_BYTES else None
        self._sequence += 1
        self._bytes += size
        self._entries.append(
            {
                "eventID": f"{self.name}:{self._sequence}",
                "kinesis": {
                    "sequenceNumber": str(self._sequence),
                    "partitionKey": record.partition_key,
                    "data": data,
                    "approximateArrivalTimestamp": arrived_s,
                },
            }
        )
        if event is None and len(self._entries) == RECORDS_PER_DELIVERY:
            event = self.take()
        return event

    def take(self) -> dict[str, Any] | None:
        """Return the event of all waiting records, or None if there are none."""
        if not self._entries:
            return None
        check_payload(self._bytes)
        self.largest_payload = max(self.largest_payload, self._bytes)
        event = {"Records": self._entries}
        self._entries, self._bytes = [], 0
        return event
