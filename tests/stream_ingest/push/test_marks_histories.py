"""Generated histories of pushes of a table that changes in between: no row stays unread."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from stream_ingest.push.marks import (
    Mark,
    Reading,
)
from stream_ingest.sources.timerange import TimeRange
from tests.fakes.ingest.memory_table import DAY, HOUR, Row, Table, advanced

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
