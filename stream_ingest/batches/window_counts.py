"""Numbers that follow from those of a batch's windows by status. Pure."""

from __future__ import annotations

from stream_ingest.contracts import table


class WindowCounts:
    """Mixin for structs with `by_status`, the number of a batch's windows by status."""

    __slots__ = ()
    by_status: dict[str, int]

    @property
    def windows(self) -> int:
        """Number of windows."""
        return sum(self.by_status.values())

    @property
    def ended(self) -> int:
        """Number of windows that have ended, or whose item cannot be read."""
        return sum(self.by_status.get(status, 0) for status in (*table.ENDED, table.UNREADABLE))

    @property
    def collages(self) -> int:
        """Number of windows that have a collage."""
        return sum(self.by_status.get(status, 0) for status in table.COLLAGES)
