"""Covers die after two days, a window fills in seven: prefetched covers make it a full collage."""

from __future__ import annotations

import hashlib
import io
import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ops_dashboard.inspect.creators import CreatorReader
from ops_dashboard.local.samples.cover_model import HOUR_S, TEMPLATES, Cover
from ops_dashboard.local.samples.cover_server import read_swatch
from ops_dashboard.local.samples.video_row import VideoRow, csv_bytes
from stream_ingest.cli.main import app
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.windowing.rules.deadlines import AHEAD_S
from tests.end_to_end.faulty_stack import FaultyStack

pytestmark = pytest.mark.timeout(240)

CREATORS = [f"slow-poster-{index}" for index in range(4)]
DAYS, A_DAY, WINDOW = 7, 5, 35
LIFE_S = 2 * DAY_S
PREFETCHED_DAYS = 5
"""The covers of the last two days still live when the window fills."""


@dataclass(frozen=True)
class Week:
    """A clock of its own: `noon` is the full hour at which each day's covers are pushed."""

    stack: FaultyStack
    first_s: float
    folder: Path

    def go_to(self, moment_s: float) -> None:
        """Let the functions and the covers' server have this moment."""
        self.stack.faults.set_clock(moment_s - datetime.now(UTC).timestamp())

    def noon(self, day: int) -> int:
        return math.ceil(self.first_s / HOUR_S) * HOUR_S + day * DAY_S

    def covers_of(self, day: int) -> list[tuple[str, Cover]]:
        first = day * A_DAY
        numbers = range(first, min(first + A_DAY, WINDOW))
        return [
            (name, cover_of(creator, name, number))
            for creator, name in enumerate(CREATORS)
            for number in numbers
        ]

    def push(self, day: int) -> None:
        """Push a day's covers, each dead two days later, as a batch that ends no window."""
        signer, made = self.stack.covers.signer, self.covers_of(day)
        self.stack.covers.add(cover for _, cover in made)
        expires_s = self.noon(day) + LIFE_S
        posted = datetime.fromtimestamp(self.first_s - (DAYS - day) * DAY_S, UTC)
        rows = [
            VideoRow(name, signer.url(cover, TEMPLATES[0], expires_s), posted)
            for name, cover in made
        ]
        path = self.folder / f"day-{day}.csv"
        path.write_bytes(csv_bytes(rows))
        options = ["push", f"--csv={path}", f"--batch-id=day-{day}", "--grid=5x7", "--cell-px=60"]
        done = self.stack.here(app, *options)
        assert done.exit_code == 0, done.stderr

    def prefetched(self) -> int:
        """Return how many covers are prefetched in open windows."""
        reader = CreatorReader(self.stack.aws.clients.dynamodb, self.stack.outputs.table_name)
        found = [reader.find(name) for name in CREATORS]
        return sum(window.prefetched for each in found if each for window in each.open)

    def packs(self) -> set[str]:
        """Return the keys of what is prefetched in S3."""
        listed = self.stack.aws.clients.s3.list_objects_v2(
            Bucket=self.stack.outputs.temp_bucket, Prefix="prefetched/"
        )
        return {item["Key"] for item in listed.get("Contents", [])}

    def items(self) -> list[dict[str, Any]]:
        """Return the items beside packs."""
        found = self.stack.aws.clients.dynamodb.scan(TableName=self.stack.outputs.table_name)
        return [item for item in found["Items"] if item["item"]["S"] == "prefetched"]

    def statuses(self) -> list[str]:
        return [window["status"] for name in CREATORS for window in self.stack.windows_of(name)]

    def metadata(self, name: str) -> dict[str, Any]:
        (window,) = self.stack.windows_of(name)
        document: dict[str, Any] = json.loads(self.stack.read(window["metadata_key"]))
        document["collage"] = self.stack.read(window["collage_key"])
        return document


def cover_of(creator: int, name: str, number: int) -> Cover:
    object_id = hashlib.sha256(f"{name}/{number}".encode()).hexdigest()[:32]
    return Cover(object_id=object_id, creator_index=creator, caption=name, number=number + 1)


def test_covers_of_seven_days_each_dead_after_two_end_in_one_full_collage(
    stack: FaultyStack, tmp_path: Path
) -> None:
    days = Week(stack, datetime.now(UTC).timestamp(), tmp_path)
    packs: set[str] = set()
    for day in range(DAYS):
        days.go_to(days.noon(day))
        days.push(day)
        if day < DAYS - 1:
            dying = day - 1  # its covers die at the next noon
            days.go_to(days.noon(day + 1) - AHEAD_S // 2 - 1_200)
            wanted = max(0, dying + 1) * A_DAY * len(CREATORS)

            def are_prefetched(wanted: int = wanted) -> bool:
                stack.sweep()
                return days.prefetched() == wanted

            stack.wait(
                are_prefetched,
                f"day {day}: not {wanted} covers are prefetched, but {days.prefetched()}",
            )
            packs |= days.packs()
    stack.wait(
        lambda: days.statuses() == ["completed"] * len(CREATORS), f"not done: {days.statuses()}"
    )

    for creator, name in enumerate(CREATORS):
        metadata = days.metadata(name)
        assert (metadata["images_ok"], metadata["images_failed"]) == (WINDOW, 0)
        assert metadata["closed_because"] == "full"
        origins = [cell["origin"] for cell in metadata["cells"]]
        assert origins == ["prefetched"] * (PREFETCHED_DAYS * A_DAY) + ["download"] * (
            WINDOW - PREFETCHED_DAYS * A_DAY
        )
        collage = Image.open(io.BytesIO(metadata["collage"]))
        for cell in range(WINDOW):
            row, column = divmod(cell, 7)
            box = (column * 60, row * 60, column * 60 + 60, row * 60 + 60)
            swatch = read_swatch(collage.crop(box))
            assert swatch is not None
            assert (swatch.creator_index, swatch.number) == (creator, cell + 1)

    every = [cover for day in range(DAYS) for _, cover in days.covers_of(day)]
    requests = {cover.object_id: stack.covers.requests[cover.object_id] for cover in every}
    assert requests == {cover.object_id: 1 for cover in every}
    prefetched = PREFETCHED_DAYS * A_DAY * len(CREATORS)
    assert 10 * len(packs) <= prefetched
    # A worker writes a window's final status first and releases its packs after that.
    stack.wait(lambda: not (days.packs() or days.items()), "packs are left after the last window")
    assert days.packs() == set()
    assert days.items() == []
