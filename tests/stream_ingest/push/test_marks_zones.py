"""Marks of tables whose rows have local times: none is lost or doubled when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stream_ingest.contracts.date_form import DateForm
from stream_ingest.contracts.zones import parse_zone
from stream_ingest.push.marks import Mark, Wish, plan_reading
from stream_ingest.sources.mysql.moments import TimeColumn, TimeKind
from stream_ingest.sources.source import Snapshot
from stream_ingest.sources.timerange import TimeRange

ZONE = "Europe/Berlin"
BACK = datetime(2026, 10, 25, 1, tzinfo=UTC)
"""Clocks in Berlin go back from 03:00 to 02:00."""
FORWARD = datetime(2026, 3, 29, 1, tzinfo=UTC)
COLUMNS = {
    kind: TimeColumn(quoted="c", kind=kind, form=DateForm(timezone=ZONE))
    for kind in (TimeKind.WALL, TimeKind.DAY)
}


class Clocked:
    """A table without a key, whose rows have the local time at which they are inserted."""

    def __init__(self, column: TimeColumn, *, dedup: bool) -> None:
        self.column, self.dedup = column, dedup
        self.rows: list[datetime] = []
        self.read: list[int] = []
        self.mark: Mark | None = None

    def insert(self, now: datetime) -> None:
        wall = now.astimezone(parse_zone(ZONE)).replace(tzinfo=None)
        is_day = self.column.kind is TimeKind.DAY
        self.rows.append(wall.replace(hour=0, minute=0) if is_day else wall)

    def push(self, now: datetime) -> None:
        """Read as `last_push` does, in SQL's comparisons."""
        since = self.mark.until if self.mark else None
        wish = Wish(
            within=TimeRange(since=since),
            last_push=True,
            overlap=timedelta(),
            dedup=self.dedup,
        )
        snapshot = Snapshot(now=now, key=None, settled=self.column.settled(now, None))
        reading = plan_reading(wish, self.mark, snapshot)
        within, low, high = reading.selection.within, datetime.min, datetime.max  # noqa: DTZ901 - local times
        if within.since:
            later = reading.selection.with_later
            (low,) = self.column.since(within.since, later=later)[1]  # type: ignore[assignment]  # a local time
        if within.until:
            (high,) = self.column.until(within.until)[1]  # type: ignore[assignment]  # as above
        self.read += [index for index, row in enumerate(self.rows) if low <= row < high]
        if self.mark is None:
            self.mark = Mark(until=reading.ends_at, timezone=ZONE)
        else:
            self.mark = self.mark.advanced(reading.ends_at, (), ZONE)


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("change", [BACK, FORWARD])
@pytest.mark.parametrize("minutes", [7, 20, 45, 100])
@pytest.mark.parametrize("dedup", [True, False])
def test_no_row_is_lost_and_none_is_doubled_where_nobody_would_notice(
    kind: TimeKind,
    change: datetime,
    minutes: int,
    dedup: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Rows come each 3 minutes, pushes each few; without dedup each row is read exactly once."""
    table = Clocked(COLUMNS[kind], dedup=dedup)
    start = change - timedelta(hours=30)
    for minute in range(0, 72 * 60, 3):
        now = start + timedelta(minutes=minute)
        table.insert(now)
        if minute % minutes < 3:
            table.push(now + timedelta(minutes=1))
    table.push(start + timedelta(days=5))
    assert set(table.read) == set(range(len(table.rows)))
    if not dedup:
        assert len(table.read) == len(table.rows)


@pytest.mark.parametrize(
    ("old", "new", "moved_h"),
    [
        (None, "+08:00", -8),
        (None, "-08:00", 0),
        ("+08:00", "UTC", 0),
        ("-08:00", "UTC", -8),
        ("+08:00", "+09:00", -1),
        ("Asia/Shanghai", "+08:00", 0),
    ],
)
def test_a_mark_of_another_zone_moves_back_and_never_forward(
    old: str | None, new: str | None, moved_h: int
) -> None:
    mark = Mark(until=BACK + timedelta(days=20), timezone=old)
    assert mark.in_zone(new).until == mark.until + timedelta(hours=moved_h)
