"""Sums over the windows of a batch. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ops_dashboard.inspect.window_filter import may_pass
from stream_ingest.batches.progress import WindowSums
from stream_ingest.batches.results.summary import WindowTally
from stream_ingest.contracts import table


class WindowFigures(msgspec.Struct, kw_only=True):
    """Sums over windows, one after the other. Not a value: it grows."""

    tally: WindowTally
    images: int = 0
    unfinished: int = 0
    """Failed windows without reasons of images: no worker finished them."""
    retryable: int = 0
    """Windows for which a retry may help."""
    last_end_at: str | None = None
    """When the last of them ended."""

    def add(self, window: Mapping[str, Any]) -> None:
        """Count a window's entry in the index."""
        self.tally.add(window)
        self.images += int(window.get("image_count", 0))
        failures, error = window.get("failures") or {}, window.get("error")
        self.unfinished += error is not None and not failures.keys() - {table.ABANDONED_REASON}
        self.retryable += may_pass(failures, error)
        ended_at = str(window.get("completed_at", ""))
        self.last_end_at = max(self.last_end_at or "", ended_at) or None

    def sums(self) -> WindowSums:
        """Return the sums from which a batch's progress is computed."""
        return WindowSums(
            by_status=dict(self.tally.by_status),
            images=self.images,
            images_ok=self.tally.images_ok,
            images_failed=self.tally.images_failed,
            built_at=self.last_end_at,
        )


class BatchFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a batch's windows."""

    windows: WindowFigures
    is_complete: bool
    """Whether they are all windows, not only the first ones of the first round."""


def no_windows() -> WindowFigures:
    """Return the sums over no windows, which may grow."""
    return WindowFigures(tally=WindowTally(ended_at_s=0))


NO_WINDOWS = BatchFigures(windows=no_windows(), is_complete=True)
"""Of a batch for which no window was closed."""
