"""What happens to a MySQL table and to the commands that read it, as data. Pure.

Times are in overlaps (`MysqlPlan.overlap_s`), so that a history is short for a short overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stream_ingest.contracts.settings import FlushPolicy
from tests.faults.harness.injector import Fault

Faults = tuple[Fault, ...]


@dataclass(frozen=True, kw_only=True)
class MysqlPlan:
    """A table, the clocks around it, and the settings of the batches that are read from it."""

    has_key: bool = True
    """Whether its primary key is an AUTO_INCREMENT column."""
    by_time: bool = True
    """Whether created_at is indexed."""
    overlap_s: int = 3_600
    database_ahead_s: int = 0
    host_ahead_s: int = 0
    """How wrong the clocks of the database and of the commands' host are."""
    images: int = 3
    flush: FlushPolicy = FlushPolicy()  # noqa: RUF009 - frozen
    chunk_rows: int = 3


@dataclass(frozen=True)
class Insert:
    """A row is inserted: its transaction commits `slow` later; its created_at is `late` before.

    `ahead` rows have a time in the future. `old` ones are a back-fill: much older than an overlap.
    """

    creator: int
    image: int
    slow: float = 0
    late: float = 0
    ahead: bool = False
    old: bool = False


class How(StrEnum):
    """How a row changes."""

    DELETED = "deleted"
    REPLACED = "replaced"
    """Another image, and a new created_at."""
    REFRESHED = "refreshed"
    """A new URL of the same image, and the same created_at."""


@dataclass(frozen=True)
class Change:
    """A visible row changes."""

    which: int
    how: How


@dataclass(frozen=True)
class Drift:
    """The database's clock is set: `quarters` of an overlap from where it was at first."""

    quarters: int


class Rows(StrEnum):
    """Which rows a push is to read."""

    NEW = "new"
    """``--since last_push``."""
    ALL = "all"
    RECENT = "recent"
    """``--since`` a time near the mark."""
    CREATOR = "creator"
    """All rows of one creator."""


@dataclass(frozen=True)
class PushTable:
    """`stream-ingest push` runs to its end, unless a fault ends it.

    `since` (for `Rows.RECENT`) and `until` are in overlaps before now.
    """

    rows: Rows = Rows.NEW
    since: float = 1
    until: float | None = None
    faults: Faults = ()


@dataclass(frozen=True)
class ResumeTable:
    """`push --resume` runs for one of the pushes that have not ended."""

    which: int = 0
    faults: Faults = ()


@dataclass(frozen=True)
class Follow:
    """`stream-ingest follow` starts, or continues, until it waits for its next read."""

    faults: Faults = ()


@dataclass(frozen=True)
class StopFollower:
    """The follower gets a SIGTERM, or is killed."""

    killed: bool = False


@dataclass(frozen=True)
class ContinuePush:
    """One of the paused pushes continues."""

    which: int = 0


MysqlStep = Insert | Change | Drift | PushTable | ResumeTable | Follow | StopFollower | ContinuePush
