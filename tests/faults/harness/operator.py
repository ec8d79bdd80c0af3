"""What an operator does: find abandoned windows and replay them, redrive discarded records."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from random import Random

from ops_dashboard.recovery.record_source import by_batch
from ops_dashboard.recovery.redrive import redriven_header
from stream_ingest.aws.items import from_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.object_keys import FAILED_BATCHES_PREFIX
from stream_ingest.contracts.table import ABANDONED_REASON
from stream_ingest.records.codec import PackedRecord, unpack
from stream_ingest.windowing.rules.overdue import MAX_EMISSIONS
from tests.fakes.ingest.aws import OUTPUT
from tests.faults.harness.push_process import Batch
from tests.faults.harness.simulated_account import MAX_RECEIVES, SimulatedAccount


def abandoned_windows(account: SimulatedAccount) -> set[str]:
    """Return the ids of abandoned windows; asserts that abandoning each was right."""
    found = set()
    for (_, sort), wire in account.dynamodb.items.items():
        item = from_wire(wire) if sort.startswith("window#") else {}
        if ABANDONED_REASON not in item.get("failures", ()):
            continue
        assert item["status"] == table.WindowStatus.FAILED
        attempts, emissions = item.get("attempts", 0), item.get("emissions", 0)
        assert attempts >= MAX_RECEIVES or emissions >= MAX_EMISSIONS, item["window_id"]
        assert "collage_key" not in item, (
            f"{item['window_id']} is abandoned although it has a collage"
        )
        found.add(item["window_id"])
    return found


def redrive(account: SimulatedAccount, windows: set[str], name: str) -> None:
    """Replay only these windows from the archive."""
    archive = account.bus.archive
    account.bus.archive = [
        (time_s, event) for time_s, event in archive if event["detail"]["window_id"] in windows
    ]
    account.bus.start_replay(name, 0, account.clock(), Random(0))  # noqa: S311 - a shuffle
    account.bus.archive = archive


def discarded_records(account: SimulatedAccount) -> Iterator[tuple[str, int, bytes]]:
    """Yield partition key, sequence number and data of the records that Lambda discarded."""
    for key in account.s3.keys(OUTPUT):
        if key.startswith(FAILED_BATCHES_PREFIX):
            for entry in json.loads(json.loads(account.s3.read(OUTPUT, key))["payload"])["Records"]:
                kinesis = entry["kinesis"]
                data = base64.b64decode(kinesis["data"])
                yield kinesis["partitionKey"], int(kinesis["sequenceNumber"]), data


def discarded(account: SimulatedAccount) -> list[PackedRecord]:
    """Return the discarded records that can be decoded."""
    return [
        packed for _, _, data in discarded_records(account) if (packed := decoded(data)) is not None
    ]


def decoded(data: bytes) -> PackedRecord | None:
    """Return the record in some data; None if it cannot be decoded."""
    try:
        return unpack(data)
    except DecodeError:
        return None


def redriven(account: SimulatedAccount) -> list[Batch]:
    """Return the batches as which `ops-dashboard dlq redrive` sends discarded rows again."""
    return [
        Batch(
            header=redriven_header(records[0].batch, f"redrive-{index}"),
            rows=[row for record in records for row in record.cover_rows()],
        )
        for index, records in enumerate(by_batch(discarded(account)))
    ]
