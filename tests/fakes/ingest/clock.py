"""A clock that moves only when a test moves it."""

from __future__ import annotations

from tests.fakes.ingest.rows import NOW_S


class Clock:
    """Epoch seconds, as `time.time` gives them."""

    def __init__(self, now_s: float = NOW_S) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds
