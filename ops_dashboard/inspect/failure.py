"""One failure: a window with failures, or a refused row. Pure."""

from __future__ import annotations

import msgspec

from ops_dashboard.inspect.window_filter import may_pass, reasons
from ops_dashboard.inspect.window_record import WindowRecord


class RefusedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A refused row and its place."""

    id: str
    """By which it is discarded; of 32 hexadecimal digits."""
    batch_id: str
    stored_at: str
    """ISO 8601 in UTC."""
    reason: str
    creator: str
    cover: str
    created_at: str
    detail: str = ""
    passing: bool = False
    """Whether the same row may be accepted later."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A window with failures, or a refused row."""

    reasons: dict[str, int]
    """Cells by reason; a row has one reason."""
    passing: bool
    """Whether a retry may help."""
    window: WindowRecord | None = None
    row: RefusedRow | None = None

    @property
    def at(self) -> str:
        """When the window closed, or when the row was stored: a second of UTC, sortable text."""
        if self.window is not None:
            return self.window.closed_at[:19]
        return self.row.stored_at[:19] if self.row is not None else ""


def of_window(window: WindowRecord) -> Failure:
    """Return the failure of a window."""
    found = reasons(window.failures, window.error)
    return Failure(
        reasons=window.failures or dict.fromkeys(found, window.image_count),
        passing=may_pass(window.failures, window.error),
        window=window,
    )


def of_row(row: RefusedRow) -> Failure:
    """Return the failure of a refused row."""
    return Failure(reasons={row.reason: 1}, passing=row.passing, row=row)
