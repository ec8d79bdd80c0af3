"""How benchmarks measure: alternating runs, medians, memory of processes. Edge (processes).

A benchmark is a module with a `main`, run in its own process: measures go to stdout as JSON,
progress to stderr.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tests.bench.results import Measure
from tests.paths import ROOT

_KB_PER_MB = 1024
_LOOK_S = 0.02
_MAX_LINES = 40


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """Time and memory of a child process; `cpu_s` includes its own ended children."""

    seconds: float
    cpu_s: float
    peak_mb: float
    """Largest resident size of the process itself."""
    output: bytes


class ChildFailedError(Exception):
    """A child ended with an error; has its last line."""


def say(text: str) -> None:
    """Print the progress of a benchmark."""
    sys.stderr.write(f"    {text}\n")
    sys.stderr.flush()


def hand_over(measures: Sequence[Measure]) -> None:
    """Write the measures for the runner: the last step of a benchmark."""
    sys.stdout.buffer.write(msgspec.json.encode(measures))


def paired(
    works: Mapping[str, Callable[[], float]], rounds: int, *, what: str = "round"
) -> dict[str, list[float]]:
    """Return the figures of each function, called in turn `rounds` times, in changing order.

    A function returns its figure, such as seconds. A first round is not counted.
    """
    figures: dict[str, list[float]] = {name: [] for name in works}
    names = list(works)
    for number in range(rounds + 1):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            value = works[name]()
            if number:
                figures[name].append(value)
        if number:
            say(f"{what} {number} of {rounds}")
    return figures


def median_ratios(figures: Mapping[str, Sequence[float]], ours: str) -> dict[str, float]:
    """Return the median of each peer's figure over ours, pair by pair: for times, the gain."""
    return {
        name: statistics.median(
            theirs / own for theirs, own in zip(values, figures[ours], strict=True)
        )
        for name, values in figures.items()
        if name != ours
    }


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of `work` in this process, all threads together."""
    began = time.process_time()
    work()
    return time.process_time() - began


def peak_mb(pid: int | str = "self") -> float:
    """Return the peak resident memory of a process since its program started, in MiB.

    From /proc, not `getrusage`, whose peak of a child includes its parent's size.
    """
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / _KB_PER_MB
    return 0.0  # it has ended and waits to be reaped


def watched(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Watched:
    """Run a command and return its figures; raises `ChildFailedError` with its last line."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        began = time.monotonic()
        child = subprocess.Popen(  # noqa: S603 - our own arguments
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env={**os.environ, **(environment or {})},
            cwd=cwd,
        )
        watch = Watch(child.pid)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        peak = watch.stop()
        output.seek(0)
        errors.seek(0)
        if child.returncode:
            lines = errors.read().decode(errors="replace").strip().splitlines()
            for line in lines[-_MAX_LINES:]:
                say(line)
            raise ChildFailedError(lines[-1] if lines else f"exit code {child.returncode}")
        return Watched(
            seconds=seconds,
            cpu_s=usage.ru_utime + usage.ru_stime,
            peak_mb=peak,
            output=output.read(),
        )


class Watch:
    """Polls a process's peak memory until stopped or until the process has ended."""

    def __init__(self, pid: int) -> None:
        """Begin to look."""
        self._pid, self._peak = pid, 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """Return the peak in MiB."""
        self._done.set()
        self._thread.join()
        return self._peak

    def _look(self) -> None:
        while not self._done.is_set():
            try:
                self._peak = max(self._peak, peak_mb(self._pid))
            except (FileNotFoundError, ProcessLookupError):
                return
            self._done.wait(_LOOK_S)


def part(module: str, *arguments: object, environment: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - whatever the part wrote as JSON
    """Run ``python -m module arguments`` in its own process and return the JSON that it wrote."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return msgspec.json.decode(watched(command, cwd=ROOT, environment=environment).output)
