"""Runs the named benchmarks, or all, with their peers: ``make bench``.

Prints a table and writes ``bench-results.json`` at the repository root. A run of some benchmarks
(``python -m tests.bench fold``) replaces their entries in the file. Each entry says how many cores
were busy with something else just before, how long its benchmark took, and the pace of the cores.
"""

from __future__ import annotations

import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psutil
from rich.console import Console

from tests.bench.measure import ROOT
from tests.bench.pace import pace_of_cores
from tests.bench.results import OURS, Limit, Measure, merged, table_of

BENCHMARKS = (
    "suite",
    "compose",
    "photos",
    "uploads",
    "collage",
    "extract",
    "pack",
    "fold",
    "state",
    "push",
    "end_to_end",
    "cold_start",
    "console",
)
"""The suite runs first: it fails as soon as the documents' figures are out of date."""
RESULTS = ROOT / "bench-results.json"
_LOOK_S = 3.0


def main(names: list[str]) -> int:
    """Run benchmarks; return the exit code: 1 if one of them could not run."""
    console = Console(stderr=True, highlight=False)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        console.print(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
        return 2
    chosen = [name for name in BENCHMARKS if name in names or not names]
    ran: dict[str, list[Measure]] = {}
    started = time.monotonic()
    for number, name in enumerate(chosen, 1):
        console.print(f"[bold]{number}/{len(chosen)} {name}[/]")
        busy_cores, began = busy_cores_now(), time.monotonic()
        with pace_of_cores() as pace:
            ran[name] = run_one(name)
        took_s = time.monotonic() - began
        least, median, most = pace.loops_ms
        console.print(
            f"    {took_s:,.0f} s; {busy_cores:.2f} cores were busy before;"
            f" the loop took {least:.1f} to {most:.1f} ms, mostly {median:.1f}"
        )
        before = msgspec.json.decode(RESULTS.read_bytes()) if RESULTS.is_file() else {}
        run = surroundings() | {
            "busy_cores": round(busy_cores, 2),
            "took_s": round(took_s),
            "loops_ms": pace.loops_ms,
        }
        content = merged(before, {name: ran[name]}, run)
        RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    Console(width=None if sys.stdout.isatty() else 140).print(
        table_of(measure for measures in ran.values() for measure in measures)
    )
    console.print(f"written to {RESULTS} after {time.monotonic() - started:,.0f} s")
    return int(any(measure.ours is None for found in ran.values() for measure in found))


def run_one(name: str) -> list[Measure]:
    """Run one benchmark in its own process; return its measures, or why it failed."""
    command = [sys.executable, "-m", f"tests.bench.{name}"]
    last = ""
    with (
        tempfile.TemporaryFile() as output,
        subprocess.Popen(  # noqa: S603 - our own arguments
            command, cwd=ROOT, stdout=output, stderr=subprocess.PIPE, text=True
        ) as child,
    ):
        for line in child.stderr or ():
            sys.stderr.write(line)
            last = line.strip() or last
        if child.wait():
            return [Measure(name=name, unit="", ours=None, limits={OURS: Limit()}, note=last)]
        output.seek(0)
        return msgspec.json.decode(output.read(), type=list[Measure])


def busy_cores_now() -> float:
    """Return how many cores all processes use, on average over a few seconds."""
    return psutil.cpu_percent(_LOOK_S) / 100 * (psutil.cpu_count() or 1)


def surroundings() -> dict[str, Any]:
    """Return the machine, date and commit of a run."""
    cpus = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 - git is where PATH has it
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        "machine": {
            "python": platform.python_version(),
            "cpu": cpus[0] if cpus else platform.processor(),
            "cores": len(cpus),
            "system": platform.platform(),
        },
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit or "unknown",
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
