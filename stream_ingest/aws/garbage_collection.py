"""The garbage collector of a process of ours. Edge (interpreter)."""

from __future__ import annotations

import gc

THRESHOLDS = (10_000, 10, 10)
"""New objects after which the youngest are looked at, and how many times a generation is before the
next one. Python's own are 700, 10 and 10."""


def ignore_existing_objects(*, less_often: bool = True) -> None:
    """Let the collector look at new objects only, and less often; call it when all is wired.

    Modules and clients stay until the process ends: looking at all of them again takes 30 to 90 ms
    and finds nothing. What is not in a cycle is freed at once as before; at most some 10,000
    objects of young cycles, such as exceptions with their tracebacks, wait for the collector. Keep
    it as frequent as it was (`less_often`) if they may hold images.
    """
    gc.freeze()
    if less_often:
        gc.set_threshold(*THRESHOLDS)
