"""How fast the machine's cores are while a benchmark runs. Edge (a thread).

A core that is shared with another machine's work computes less in a second of CPU, so rates without
a peer can be compared only beside the time that the same loop took.
"""

from __future__ import annotations

import statistics
import threading
import time
from types import TracebackType
from typing import Self

_STEPS = 200_000
_EVERY_S = 5.0


class Pace:
    """Times a fixed loop again and again; a context manager, which ends that."""

    def __init__(self) -> None:
        """Time the loop once."""
        self._loops_ms = [loop_ms()]
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    @property
    def loops_ms(self) -> tuple[float, float, float]:
        """The loop's shortest, median and longest CPU time, in milliseconds."""
        every = self._loops_ms
        found = min(every), statistics.median(every), max(every)
        return round(found[0], 2), round(found[1], 2), round(found[2], 2)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """End, with one more time."""
        self._done.set()
        self._thread.join()
        self._loops_ms.append(loop_ms())

    def _look(self) -> None:
        while not self._done.wait(_EVERY_S):
            self._loops_ms.append(loop_ms())


def loop_ms() -> float:
    """Return the CPU milliseconds of a loop that adds up 200,000 squares."""
    began = time.thread_time()
    total = 0
    for number in range(_STEPS):
        total += number * number
    return 1000 * (time.thread_time() - began)
