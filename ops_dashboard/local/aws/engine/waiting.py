"""Waits for asynchronous operations of a service. Edge (clock)."""

from __future__ import annotations

import time
from collections.abc import Callable

from ops_dashboard.local.aws.engine.inputs import EngineError

_POLL_S = 0.05
_TIMEOUT_S = 30


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Return once `is_so` returns True; raises `EngineError` after 30 seconds."""
    deadline = time.monotonic() + _TIMEOUT_S
    while not is_so():
        if time.monotonic() > deadline:
            msg = f"timed out after {_TIMEOUT_S} s waiting until {what}"
            raise EngineError(msg)
        time.sleep(_POLL_S)
