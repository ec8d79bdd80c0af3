"""How the rows of a MySQL table are paged. Pure."""

from __future__ import annotations

import msgspec

from stream_ingest.sources.mysql.moments import TimeColumn
from stream_ingest.sources.source import Columns


class ReadPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How the rows of one table are paged."""

    table: str
    """Its name as the server has it, whatever its case in the options."""
    columns: Columns
    key: tuple[str, ...]
    """Columns that give the order of pages; empty if the table has no usable key."""
    kinds: tuple[str, ...]
    """The types of these columns."""
    increasing: str | None
    """The primary key if it is one AUTO_INCREMENT column, so that later rows have greater keys."""
    time: TimeColumn
    fills_itself: bool = False
    """Whether the server fills created_at, from its own clock."""

    @property
    def by_time(self) -> bool:
        """Whether created_at leads the order of pages."""
        return len(self.key) > 1 and self.key[0] == self.columns.created_at

    def kind_of(self, name: str) -> str:
        """Return the type of a column of the key."""
        return self.kinds[self.key.index(name)]
