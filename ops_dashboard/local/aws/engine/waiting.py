"""Waits for what a service does in its own time. Edge (clock)."""

from __future__ import annotations

import time
from collections.abc import Callable

from ops_dashboard.local.aws.engine.inputs import EngineError

_POLL_S = 0.05
_PATIENCE_S = 30


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Return as soon as `is_so`; `EngineError` when it has not come true in 30 seconds."""
    deadline = time.monotonic() + _PATIENCE_S
    while not is_so():
        if time.monotonic() > deadline:
            msg = f"waited {_PATIENCE_S} s in vain until {what}"
            raise EngineError(msg)
        time.sleep(_POLL_S)
