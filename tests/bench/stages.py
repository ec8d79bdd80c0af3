"""What a run's stages did meanwhile: memory of each process, and when each function ran. Edge.

The embedded AWS runs functions as processes of its own group, named by their environment, and
writes a REPORT line at the end of each invocation.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import psutil

from ops_dashboard.local.aws.bridge.log_reader import LogReader
from ops_dashboard.local.aws.stack import LocalAws
from tests.bench.measure import peak_mb

SAMPLE_PERIOD_S = 0.25
_REPORT = re.compile(r"^REPORT RequestId: \S+\s+Duration: ([\d.]+) ms")
_NAME = b"AWS_LAMBDA_FUNCTION_NAME="
_SERVER = "embedded_aws"
Interval = tuple[float, float]
"""Beginning and end, epoch seconds."""


class Sampler:
    """Samples memory and CPU time of processes, and how much waits."""

    def __init__(
        self, group: int, processes: Mapping[str, int], waiting: Callable[[], int]
    ) -> None:
        """Watch a process group by its functions' names, and other processes by a name."""
        self._group, self._processes, self._waiting = group, processes, waiting
        self.peaks_mb: dict[str, float] = defaultdict(float)
        self.waited: list[tuple[float, int]] = []
        """What waited, by moment."""
        self._cpu_s: dict[tuple[str, int], float] = defaultdict(float)
        self._cpu_before_s = {each: _cpu_s(each[1]) for each in self._all()}

    def sample(self) -> None:
        """Record what waits and each process's memory and time; to be called repeatedly."""
        self.waited.append((time.time(), self._waiting()))
        for name, pid in self._all():
            self._record(name, pid)

    def cpu_s(self) -> dict[str, float]:
        """Return the CPU seconds that the processes of each name have used since the beginning."""
        used: dict[str, float] = defaultdict(float)
        for each, total in self._cpu_s.items():
            used[each[0]] += total - self._cpu_before_s.get(each, 0)
        return used

    def _all(self) -> list[tuple[str, int]]:
        entries = (entry for entry in Path("/proc").iterdir() if entry.name.isdecimal())
        members = (entry for entry in entries if _group_of(entry) == self._group)
        functions = ((_function(entry), int(entry.name)) for entry in members)
        return [*self._processes.items(), *functions]

    def _record(self, name: str, pid: int) -> None:
        try:
            self.peaks_mb[name] = max(self.peaks_mb[name], peak_mb(pid))
            self._cpu_s[name, pid] = _cpu_s(pid) or self._cpu_s[name, pid]
        except (FileNotFoundError, ProcessLookupError):
            return  # it has ended meanwhile


def _cpu_s(pid: int) -> float:
    try:
        used = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0  # it has ended
    return used.user + used.system


def _group_of(entry: Path) -> int | None:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[2])
    except (FileNotFoundError, ProcessLookupError):
        return None


def _function(entry: Path) -> str:
    """Return the name of the function that a process runs; the server's own if it runs none."""
    try:
        variables = (entry / "environ").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return _SERVER
    named = [each.removeprefix(_NAME).decode() for each in variables if each.startswith(_NAME)]
    return named[0].rpartition("-")[2] if named else _SERVER


def invocations(aws: LocalAws, function: str) -> list[Interval]:
    """Return when a function ran; overlapping invocations are merged."""
    found = []
    for line in LogReader(aws.clients, f"/aws/lambda/{function}").read():
        match = _REPORT.match(line.message)
        if match:
            end_s = line.timestamp_ms / 1_000
            found.append((end_s - float(match[1]) / 1_000, end_s))
    return merged(found)


def merged(intervals: list[Interval]) -> list[Interval]:
    """Return intervals in order, those that touch or overlap made one."""
    joined: list[Interval] = []
    for begin, end in sorted(intervals):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def idle_s(ran: list[Interval], waited: list[tuple[float, int]]) -> float:
    """Return the seconds in which something waited and nothing ran, from samples of what waits."""
    return sum(
        after - moment
        for (moment, count), (after, _) in pairwise(waited)
        if count and not any(begin <= moment < end for begin, end in ran)
    )


def machine_idle_s() -> float:
    """Return the seconds for which cores have had nothing to do since the machine began."""
    return float(Path("/proc/uptime").read_text(encoding="ascii").split()[1])
