"""The MySQL table of a history: rows come, late and slowly, change and go. Pure.

Rows keep to what the guide promises to find (docs/guide/push.md): with the steps of the
database's clock, no row becomes visible later than an overlap after its key was taken, nor, in a
table without an increasing key, after its created_at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from stream_ingest.contracts.identity import image_identity
from tests.fakes.ingest.memory_table import DAY, HOUR, Row, Table
from tests.fakes.ingest.rows import cover_url
from tests.faults.harness.mysql.steps import Change, Drift, How, Insert, MysqlPlan

_AHEAD = 8 * HOUR
_OLD = 100 * DAY
Image = tuple[str, str]
"""A creator and the identity of one of its images."""


class CoversTable:
    """The rows of a table, and all images that it ever had."""

    def __init__(
        self, plan: MysqlPlan, creators: tuple[str, ...], clock: Callable[[], float]
    ) -> None:
        """`clock` gives epoch seconds."""
        self.overlap = timedelta(seconds=plan.overlap_s)
        self.ever: set[Image] = set()
        self._ahead = timedelta(seconds=plan.database_ahead_s)
        self._creators, self._clock = creators, clock
        self._table = Table(has_key=plan.has_key, skew=self._ahead)
        self._changes = 0

    def now(self) -> Table:
        """Return the table at this moment."""
        self._table.now = datetime.fromtimestamp(self._clock(), UTC)
        return self._table

    def visible(self) -> list[Row]:
        """Return copies of the rows that a query would find now."""
        return [replace(row) for row in self.now().visible()]

    def step(self, step: Insert | Change | Drift, *, has_mark: bool) -> None:
        """Change the table; `has_mark` says whether a push has set its mark."""
        match step:
            case Insert():
                self._insert(step, has_mark=has_mark)
            case Change():
                self._change(step)
            case Drift(quarters):
                self._table.skew = self._ahead + quarters * self.overlap / 4

    def _insert(self, step: Insert, *, has_mark: bool) -> None:
        """Insert a row; it is old only if the guide promises that it is found by its key."""
        table = self.now()
        commits_at = table.now + step.slow * self.overlap
        created_at = commits_at + table.skew - step.late * self.overlap
        if step.old and table.has_key and (has_mark or not step.slow):
            created_at -= _OLD
        elif step.ahead:
            created_at += _AHEAD
        creator = self._creators[step.creator % len(self._creators)]
        created_at = created_at.replace(microsecond=0)
        row = table.insert(creator, created_at, commits_at, self._cover(step.image))
        self.ever.add(image_of(row))

    def _change(self, step: Change) -> None:
        table = self.now()
        visible = table.visible()
        if not visible:
            return
        row = visible[-1 - step.which % len(visible)]
        match step.how:
            case How.DELETED:
                table.rows.remove(row)
            case How.REPLACED:
                row.cover, row.created_at = self._cover(step.which), table.clock
                self.ever.add(image_of(row))
            case How.REFRESHED:
                row.cover = f"{row.cover}{self._changes}"

    def _cover(self, image: int) -> str:
        self._changes += 1
        return f"{cover_url(image, extension='.jpeg')}?refresh={self._changes}"


def image_of(row: Row) -> Image:
    """Return the image of a row."""
    return row.creator, image_identity(row.cover)
