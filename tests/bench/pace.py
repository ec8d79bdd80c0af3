"""How fast the machine's cores are while a benchmark runs. Edge (a thread).

A core that is shared with another machine's work computes less in a second of CPU, so rates without
a peer can be compared only beside the time that the same loop took.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fakes.sampling import called_every

_STEPS = 200_000
_EVERY_S = 5.0


class Pace:
    """CPU times of a fixed loop, in milliseconds."""

    def __init__(self) -> None:
        """Begin without any."""
        self._loops_ms: list[float] = []

    @property
    def loops_ms(self) -> tuple[float, float, float]:
        """The shortest, the median and the longest."""
        every = self._loops_ms
        found = min(every), statistics.median(every), max(every)
        return round(found[0], 2), round(found[1], 2), round(found[2], 2)

    def look(self) -> None:
        """Time the loop once more."""
        self._loops_ms.append(loop_ms())


@contextmanager
def pace_of_cores() -> Iterator[Pace]:
    """Time a fixed loop before, while and after the block runs."""
    pace = Pace()
    pace.look()
    with called_every(_EVERY_S, pace.look):
        yield pace
    pace.look()


def loop_ms() -> float:
    """Return the CPU milliseconds of a loop that adds up 200,000 squares."""
    began = time.thread_time()
    total = 0
    for number in range(_STEPS):
        total += number * number
    return 1000 * (time.thread_time() - began)
