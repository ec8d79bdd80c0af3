"""A person who looks after the pipeline: finds what was given up and has it done again."""

from __future__ import annotations

from random import Random

from stream_ingest.aws.items import from_wire
from stream_ingest.contracts import table
from stream_ingest.windowing.sweeper.overdue import ABANDONED, MAX_EMISSIONS
from tests.faults.harness.stage import MAX_RECEIVES, Stage


def given_up_windows(stage: Stage) -> set[str]:
    """Return the ids of windows that the sweeper gave up on; asserts that it had to."""
    found = set()
    for (_, sort), wire in stage.dynamodb.items.items():
        item = from_wire(wire) if sort.startswith("window#") else {}
        if ABANDONED not in item.get("failures", ()):
            continue
        assert item["status"] == table.WindowStatus.FAILED
        attempts, emissions = item.get("attempts", 0), item.get("emissions", 0)
        assert attempts >= MAX_RECEIVES or emissions >= MAX_EMISSIONS, item["window_id"]
        assert "collage_key" not in item, f"{item['window_id']} has a collage, and is given up"
        found.add(item["window_id"])
    return found


def redrive(stage: Stage, windows: set[str], name: str) -> None:
    """Replay these windows from the archive, and none else."""
    archive = stage.bus.archive
    stage.bus.archive = [
        (time_s, event) for time_s, event in archive if event["detail"]["window_id"] in windows
    ]
    stage.bus.start_replay(name, 0, stage.clock(), Random(0))  # noqa: S311 - a shuffle
    stage.bus.archive = archive
