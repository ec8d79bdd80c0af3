"""What an operator does: find abandoned windows and replay them."""

from __future__ import annotations

from random import Random

from stream_ingest.aws.items import from_wire
from stream_ingest.contracts import table
from stream_ingest.windowing.rules.overdue import MAX_EMISSIONS
from stream_ingest.windowing.sweeper.overdue import ABANDONED
from tests.faults.harness.simulated_account import MAX_RECEIVES, SimulatedAccount


def abandoned_windows(account: SimulatedAccount) -> set[str]:
    """Return the ids of abandoned windows; asserts that abandoning each was right."""
    found = set()
    for (_, sort), wire in account.dynamodb.items.items():
        item = from_wire(wire) if sort.startswith("window#") else {}
        if ABANDONED not in item.get("failures", ()):
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
