"""Marks: what a push reads and where the next one continues, on tables that change in between."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from stream_ingest.contracts.errors import UserError
from stream_ingest.push.marks import (
    KeyMark,
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


@dataclass(eq=False)
class Row:
    """One row; it is visible from `commits_at` on."""

    key: int
    creator: str
    created_at: datetime
    commits_at: datetime


@dataclass
class Table:
    """A table in memory, read by the rules of a `Selection`."""

    has_key: bool
    now: datetime = START
    rows: list[Row] = field(default_factory=list)
    next_key: int = 1

    def insert(self, creator: str, created_at: datetime, commits_at: datetime) -> Row:
        row = Row(self.next_key, creator, created_at, commits_at)
        self.next_key += 1
        self.rows.append(row)
        return row

    def visible(self) -> list[Row]:
        return [row for row in self.rows if row.commits_at <= self.now]

    def snapshot(self, *moments: datetime) -> Snapshot:
        if not self.has_key:
            return Snapshot(now=self.now, key=None)
        rows = self.visible()
        key = max((row.key for row in rows), default=0)
        before = [
            min((row.key - 1 for row in rows if row.created_at >= moment), default=key)
            for moment in moments
        ]
        return Snapshot(now=self.now, key=key, keys_before=tuple(before))

    def read(self, chosen: Selection) -> set[Row]:
        return {row for row in self.visible() if self._is_chosen(row, chosen)}

    def _is_chosen(self, row: Row, chosen: Selection) -> bool:
        if chosen.creators and row.creator not in chosen.creators:
            return False
        if chosen.within.until and row.created_at >= chosen.within.until:
            return False
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


SPANS = st.sampled_from([0.01, 0.3, 0.6, 1.1, 30])
"""Time that passes, in overlaps."""


class Pushes(RuleBasedStateMachine):
    """Rows come, late and slowly, change and go between pushes of every kind.

    Whatever is visible when a push of ``last_push`` begins has been read when it has succeeded.
    Rows become visible up to an overlap after their key was taken. Without an increasing key they
    are also created at most an overlap before they become visible; with one, at any time.
    """

    @initialize(has_key=st.booleans(), overlap=st.sampled_from([HOUR / 2, DAY, 3 * DAY]))
    def make_table(self, *, has_key: bool, overlap: timedelta) -> None:
        self.table, self.overlap = Table(has_key=has_key), overlap
        self.mark: Mark | None = None
        self.read: set[Row] = set()
        self.unfinished: list[Reading] = []

    @rule(
        spans=SPANS,
        creator=st.sampled_from("ab"),
        slow=st.sampled_from([0, 0.4, 1]),
        late=st.sampled_from([0, 0.4, 0.95, 1]),
        back_fill=st.booleans(),
        ahead=st.sampled_from([timedelta(), timedelta(), 8 * HOUR]),
    )
    def insert(  # noqa: PLR0913 - all that may be wrong with a row's time
        self,
        spans: float,
        creator: str,
        slow: float,
        late: float,
        *,
        back_fill: bool,
        ahead: timedelta,
    ) -> None:
        """Insert a row, with a wrong clock or on purpose long after it was created."""
        now = self.table.now = self.table.now + spans * self.overlap
        commits_at = now + slow * self.overlap
        if self.table.has_key and self.mark:  # the first push knows nothing of keys in use
            created_at = now - late * (100 * DAY if back_fill else self.overlap)
        else:
            created_at = commits_at - late * self.overlap
        self.table.insert(creator, created_at + ahead, commits_at)

    @rule(which=st.integers(0, 9), is_update=st.booleans())
    def change(self, which: int, *, is_update: bool) -> None:
        """Delete a row, or update it and its created_at: it is a row to be read again."""
        if not is_update and self.table.rows:
            del self.table.rows[-1 - which % len(self.table.rows)]
        elif visible := self.table.visible():
            row = visible[which % len(visible)]
            row.created_at = self.table.now
            self.read.discard(row)

    @rule(
        spans=SPANS,
        is_last=st.booleans(),
        ends=st.sampled_from([None, -1, 0.2, 0.7]),
        fails=st.booleans(),
    )
    def push_new(self, spans: float, *, is_last: bool, ends: float | None, fails: bool) -> None:
        """Push what earlier pushes have not read, or everything, perhaps up to some time."""
        self.table.now += spans * self.overlap
        since = self.mark.until - self.overlap if self.mark and is_last else None
        until = None if ends is None else self.table.now - ends * self.overlap
        if since and until and since >= until:
            return
        within = TimeRange(since=since, until=until)
        self.run(self.plan(within, last_push=is_last), fails=fails)

    @rule(
        spans=SPANS,
        before=st.sampled_from([None, -0.5, 0, 0.5, 1, 1.2]),
        creators=st.sampled_from([(), ("a",)]),
        fails=st.booleans(),
    )
    def push_since(
        self, spans: float, before: float | None, creators: tuple[str, ...], *, fails: bool
    ) -> None:
        """Push from a time near the mark on, or from the beginning, perhaps some creators only."""
        self.table.now += spans * self.overlap
        since = self.mark.until if self.mark else self.table.now
        since = None if before is None else since - before * self.overlap
        reading = self.plan(TimeRange(since=since), last_push=False, creators=creators)
        self.run(reading, fails=fails)

    @rule()
    def resume(self) -> None:
        """Finish the push that failed first: it reads what it was to read, from now on."""
        if self.unfinished:
            self.run(self.unfinished.pop(0), fails=False)

    def plan(self, within: TimeRange, **wishes: Any) -> Reading:  # noqa: ANN401 - fields of `Wish`
        return self.table.plan(self.mark, within=within, overlap=self.overlap, **wishes)

    def run(self, reading: Reading, *, fails: bool) -> None:
        if fails:
            self.unfinished.append(reading)
            return
        self.read |= self.table.read(reading.selection)
        self.mark = advanced(self.mark, reading)

    @rule()
    def check(self) -> None:
        """Push what is new: nothing that was there is unread."""
        self.run(self.table.plan(self.mark, overlap=self.overlap), fails=False)
        missing = set(self.table.visible()) - self.read
        assert not missing, (self.mark, missing)

    def teardown(self) -> None:
        """Check in the end, and again when everything has become visible."""
        if hasattr(self, "table"):
            self.check()
            self.table.now += self.overlap
            self.check()


Pushes.TestCase.settings = settings(max_examples=150, stateful_step_count=20, deadline=None)
TestPushes = Pushes.TestCase


ALL = TimeRange()


def test_without_dedup_an_overlap_is_refused() -> None:
    """The rows of the overlap would be in two collages."""
    with pytest.raises(UserError, match="add --overlap 0"):
        Table(has_key=True).plan(None, dedup=False)


def test_without_dedup_no_row_is_read_twice() -> None:
    """Pushes go by created_at alone, and each starts exactly where the one before ended."""
    table, mark, read = Table(has_key=True), None, []
    for minute in range(10):
        table.now = START + timedelta(minutes=minute)
        table.insert("a", table.now - timedelta(seconds=30), table.now)
        table.insert("a", table.now + timedelta(seconds=30), table.now)
        reading = table.plan(mark, overlap=timedelta(), dedup=False)
        read += list(table.read(reading.selection))
        mark = advanced(mark, reading)
    assert len(read) == len(set(read)) == 19


def test_a_table_that_was_made_anew_is_read_from_its_beginning() -> None:
    table = Table(has_key=True)
    for _ in range(9):
        table.insert("a", START, START)
    mark = advanced(None, table.plan(None))
    table.rows, table.next_key, table.now = [], 1, START + 9 * DAY
    table.insert("a", START - 100 * DAY, START)
    reading = table.plan(mark)
    assert table.read(reading.selection) == set(table.rows)
    assert "but was 9: reading the whole table again" in reading.notes[0]
    mark = advanced(mark, reading)
    assert mark is not None
    assert mark.keys[-1].key == 1


def test_rows_in_the_overlap_count_as_read_again_by_time_and_key() -> None:
    table = Table(has_key=True)
    table.insert("a", START, START)
    mark = advanced(None, table.plan(None))
    chosen = table.plan(mark).selection
    assert (chosen.read_before, chosen.read_key) == (START, 1)
    since = table.plan(mark, last_push=False, within=ALL).selection
    assert (since.read_before, since.read_key) == (None, None)


def test_a_long_history_of_keys_is_thinned() -> None:
    """Each minute of two months: hours of two days and days of a month stay."""
    mark = Mark(until=START, keys=(KeyMark(START, 0),))
    for minute in range(1, 60 * 24 * 60, 7):
        moment = START + timedelta(minutes=minute)
        mark = mark.advanced(moment, (KeyMark(moment, minute),))
    assert 60 < len(mark.keys) < 100
    for overlap in (HOUR, DAY, 7 * DAY, 30 * DAY):
        key = mark.key_before(overlap)
        assert key is not None
        age = timedelta(minutes=mark.keys[-1].key - key)
        assert overlap <= age <= overlap + (DAY + HOUR if overlap > DAY else 2 * HOUR)


def test_an_overlap_longer_than_the_history_starts_at_its_beginning() -> None:
    keys = (KeyMark(START, 5), KeyMark(START + HOUR, 9))
    assert Mark(until=START + HOUR, keys=keys).key_before(30 * DAY) == 5
    assert Mark(until=START).key_before(DAY) is None
