"""Wait for what the embedded AWS does by itself."""

from __future__ import annotations

import time
from collections.abc import Callable

_TICK_S = 0.1


def wait_for(
    condition: Callable[[], object], complaint: str = "waited in vain", limit_s: float = 60
) -> None:
    """Poll until a condition is true; fails with `complaint` after `limit_s` seconds."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, complaint
        time.sleep(_TICK_S)  # polls a condition
