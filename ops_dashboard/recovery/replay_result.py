"""What became of the windows of a replay or retry. Pure."""

from __future__ import annotations

import msgspec

from ops_dashboard.inspect.window_record import WindowRecord

KEPT = "kept"
"""Stands beside statuses: a rebuild that was worse did not replace the collage."""


class ReplayResult(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a replay or retry."""

    name: str
    windows: int
    by_status: dict[str, int]
    """Ended windows by `rebuild_status`."""
    waiting: int = 0
    """Windows that had not ended when waiting timed out."""


def summary_of(end: ReplayResult) -> str:
    """Return, such as ``2 of 3 rebuilt (2 completed); 1 kept its earlier collage``."""
    kept = end.by_status.get(KEPT, 0)
    by_status = ", ".join(
        f"{count:,} {status}" for status, count in end.by_status.items() if status != KEPT
    )
    rebuilt = f"{end.windows - end.waiting - kept:,} of {end.windows:,} rebuilt"
    rebuilt += f" ({by_status})" if by_status else ""
    return f"{rebuilt}; {kept:,} kept the earlier collage (see trace)" if kept else rebuilt


def rebuild_status(window: WindowRecord) -> str:
    """Return the status of a window that was rebuilt, or ``kept``: its collage was not replaced."""
    return KEPT if window.kept_because else window.status
