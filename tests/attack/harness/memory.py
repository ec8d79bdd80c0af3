"""The resident memory of processes over time, and whether it grows. Edge (processes, clock)."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from types import TracebackType
from typing import NamedTuple, Self

import psutil

_MB = 1024 * 1024
_EVERY_S = 5.0


class Sample(NamedTuple):
    """Resident memory at a moment."""

    at_s: float
    mb: float


class Growth(NamedTuple):
    """How a process's memory changed: MB at first and at last, and a robust slope."""

    first_mb: float
    last_mb: float
    mb_per_minute: float


def growth(samples: Sequence[Sample]) -> Growth:
    """Return the medians of the first and last third, and the Theil-Sen slope.

    The slope is the median of the slopes between all pairs of samples, so that single steps and
    peaks do not count. Raises `statistics.StatisticsError` for fewer than three samples.
    """
    slopes = [(b.mb - a.mb) / (b.at_s - a.at_s) * 60 for a, b in combinations(samples, 2)]
    third = len(samples) // 3
    return Growth(
        first_mb=statistics.median(sample.mb for sample in samples[:third]),
        last_mb=statistics.median(sample.mb for sample in samples[-third:]),
        mb_per_minute=statistics.median(slopes),
    )


@dataclass
class MemoryLog:
    """Samples the processes that `processes` names until the ``with`` block ends."""

    processes: Callable[[], Iterable[tuple[str, psutil.Process]]]
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    """By name and pid."""
    _end: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        """Start sampling."""
        self._thread = threading.Thread(target=self._run, name="memory-log")
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop sampling."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(_EVERY_S):
            for name, process in self.processes():
                try:
                    sample = Sample(time.monotonic(), process.memory_info().rss / _MB)
                except psutil.NoSuchProcess:
                    continue
                if not sample.mb:  # it has ended, and its parent has not read its exit status yet
                    continue
                self.samples.setdefault(f"{name} {process.pid}", []).append(sample)

    def long_lived(self, share: float = 0.6) -> dict[str, list[Sample]]:
        """Return the processes that were sampled in at least this share of the time."""
        most = max((len(samples) for samples in self.samples.values()), default=0)
        return {
            name: samples for name, samples in self.samples.items() if len(samples) >= share * most
        }


def report(grown: Mapping[str, Growth]) -> str:
    """Return a table of the growth of processes."""
    lines = [f"{'process':<28} {'first third':>12} {'last third':>12} {'MB a minute':>11}"]
    lines += [
        f"{name:<28} {each.first_mb:>9.1f} MB {each.last_mb:>9.1f} MB {each.mb_per_minute:>+11.3f}"
        for name, each in sorted(grown.items())
    ]
    return "\n".join(lines)


def functions_of(group: int) -> Iterable[tuple[str, psutil.Process]]:
    """Yield the worker processes of the functions in a process group, by function."""
    for process in psutil.Process(group).children(recursive=True):
        try:
            variables = process.environ()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if name := variables.get("AWS_LAMBDA_FUNCTION_NAME"):
            yield name, process
