"""Which batches a seeded desk has: how each ended, when, and with how many windows. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import cycle

BATCHES, CREATORS, WINDOWS = 411, 2_500, 5_000
IMAGES = 12
"""Images of a full window."""
BIG, BIG_WINDOWS = "big-push-of-the-month", 1_500
_EVERY_S = 12_600
"""Seconds between two batches: 411 are two months."""
_SOURCES = {
    "mysql-push": "mysql://db.example:3306/tiktok/covers",
    "csv-push": "/srv/exports/covers.csv",
    "s3-trigger": "s3://input/dropped/covers.csv",
    "sqs-trigger": "s3://input/manual-uploads/<img src=x onerror=alert(1)>.csv",
}


@dataclass(frozen=True, kw_only=True)
class SeededBatch:
    """One batch: its story, and what is in it."""

    batch_id: str
    trigger: str
    source: str
    story: str
    started_s: int
    windows: int = 0
    failed: float = 0
    """Share of the images that fail."""
    refused: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0


_STORIES: tuple[tuple[str, float, dict[str, int], int], ...] = (
    *((("ended", 0, {}, 0),) * 9),
    ("ended", 0.03, {"expired": 2}, 0),
    ("ended", 0.2, {}, 0),
    ("ended", 0.91, {}, 0),
    ("ended", 1, {}, 0),
    ("ended", 0, {"bad_json": 40, "no_url": 25, "bad_date": 5}, 0),
    ("ended", 0, {"bad_url": 9}, 400),
    ("all refused", 0, {"bad_json": 90, "no_url": 10}, 0),
    ("nothing new", 0, {}, 1_778),
    ("rejected", 0, {"bad_date": 3}, 0),
    ("abandoned", 0.1, {}, 0),
    ("ended", 0.004, {}, 12),
)
_OPEN = ("sending", "ending", *("sending",) * 2, *("processing",) * 2, *("building",) * 2)
_WITHOUT_WINDOWS = {"all refused", "nothing new", "rejected", "sending", "ending"}


def seeded_batches(now_s: int) -> list[SeededBatch]:
    """Return all batches, the newest first; their windows add up to `WINDOWS`."""
    first = [(story, 0.0, dict[str, int](), 0) for story in _OPEN]
    stories = [*first, ("ended", 0.12, {"no_url": 700, "expired": 300}, 90)]
    rest = cycle(_STORIES)
    stories += [next(rest) for _ in range(BATCHES - len(stories))]
    with_windows = [at for at, story in enumerate(stories) if story[0] not in _WITHOUT_WINDOWS]
    with_windows.remove(len(_OPEN))
    each, more = divmod(WINDOWS - BIG_WINDOWS, len(with_windows))
    windows = dict.fromkeys(with_windows, each) | {len(_OPEN): BIG_WINDOWS}
    for at in with_windows[:more]:
        windows[at] += 1
    return [
        _batch(at, story, windows.get(at, 0), now_s - 120 - at * _EVERY_S)
        for at, story in enumerate(stories)
    ]


def _batch(
    at: int, story: tuple[str, float, dict[str, int], int], windows: int, started_s: int
) -> SeededBatch:
    kind, failed, refused, duplicates = story
    trigger, source = list(_SOURCES.items())[at % len(_SOURCES)]
    name = BIG if windows == BIG_WINDOWS else f"{trigger}-{BATCHES - at:04d}"
    return SeededBatch(
        batch_id=name if at != BATCHES - 1 else f"{'a-very-long-batch-id.' * 6}"[:120],
        trigger=trigger,
        source=source,
        story=kind,
        started_s=started_s,
        windows=windows,
        failed=failed,
        refused=refused,
        duplicates=duplicates,
    )
