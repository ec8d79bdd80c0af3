"""A table in memory, read by the rules of a `Selection`, for tests of marks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from stream_ingest.push.marks import (
    Mark,
    Reading,
    Wish,
    plan_reading,
    seed_moment,
)
from stream_ingest.sources.source import Selection, Snapshot
from stream_ingest.sources.timerange import TimeRange

START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
_PRIME, _STRIDE = 10_007, 7_919


@dataclass(eq=False)
class Row:
    """One row; it is visible from `commits_at` on."""

    key: int
    creator: str
    created_at: datetime
    commits_at: datetime
    cover: str = ""

    @property
    def unordered_key(self) -> int:
        """The primary key of a table whose key does not increase."""
        return self.key * _STRIDE % _PRIME


@dataclass
class Table:
    """A table in memory, read by the rules of a `Selection`."""

    has_key: bool
    """Whether the primary key is an AUTO_INCREMENT column."""
    now: datetime = START
    skew: timedelta = timedelta()
    """How much the database's clock is ahead of `now`."""
    rows: list[Row] = field(default_factory=list)
    next_key: int = 1

    @property
    def clock(self) -> datetime:
        """The database's time, in whole seconds."""
        return (self.now + self.skew).replace(microsecond=0)

    def insert(
        self, creator: str, created_at: datetime, commits_at: datetime, cover: str = ""
    ) -> Row:
        row = Row(self.next_key, creator, created_at, commits_at, cover)
        self.next_key += 1
        self.rows.append(row)
        return row

    def visible(self) -> list[Row]:
        return [row for row in self.rows if row.commits_at <= self.now]

    def snapshot(self, *moments: datetime) -> Snapshot:
        if not self.has_key:
            return Snapshot(now=self.clock, key=None)
        key = self.greatest_key()
        before = tuple(self.key_before(moment, key) for moment in moments)
        return Snapshot(now=self.clock, key=key, keys_before=before)

    def greatest_key(self) -> int:
        return max((row.key for row in self.visible()), default=0)

    def key_before(self, moment: datetime, greatest: int) -> int:
        """Return the greatest key below those of all rows created since a moment."""
        keys = (row.key - 1 for row in self.visible() if row.created_at >= moment)
        return min(keys, default=greatest)

    def read(self, chosen: Selection) -> set[Row]:
        return {row for row in self.visible() if self.is_chosen(row, chosen)}

    def is_chosen(self, row: Row, chosen: Selection) -> bool:
        if chosen.creators and row.creator not in chosen.creators:
            return False
        if chosen.within.until and row.created_at >= chosen.within.until:
            return False
        if chosen.by_key and self.has_key and chosen.late_after is not None:
            return row.key > chosen.late_after
        if chosen.within.since is None or row.created_at >= chosen.within.since:
            return True
        return self.has_key and chosen.late_after is not None and row.key > chosen.late_after

    def plan(
        self,
        mark: Mark | None,
        *,
        overlap: timedelta = DAY,
        last_push: bool = True,
        within: TimeRange | None = None,
        **wishes: Any,  # noqa: ANN401 - fields of `Wish`
    ) -> Reading:
        """Plan a push, as `stream_ingest.push.planning` does."""
        if within is None:
            since = mark.until - overlap if mark and last_push else None
            within = TimeRange(since=since)
        wish = Wish(within=within, last_push=last_push, overlap=overlap, **wishes)
        return plan_reading(wish, mark, self.snapshot(seed_moment(wish, self.now)))


def advanced(mark: Mark | None, reading: Reading) -> Mark | None:
    """Return the mark after a push that succeeded."""
    if not reading.moves:
        return mark
    if mark is None:
        return Mark(until=reading.ends_at, keys=reading.keys)
    return mark.advanced(reading.ends_at, reading.keys)
