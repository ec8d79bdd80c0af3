"""``python -m tests.simulate [--rows N] [--creators M] [--out FOLDER]``: the scale simulation."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from tests.bench.__main__ import surroundings
from tests.paths import ROOT
from tests.simulate.pipeline import Scale
from tests.simulate.processes import simulate
from tests.simulate.report import figures, points, table_of
from tests.simulate.worst import worst_case

RESULTS = ROOT / "simulate-results.json"
_ROWS_A_CREATOR = 100
_INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Run and report; exit code 1 if a law does not hold, 130 after Ctrl-C."""
    options = _options(arguments)
    scale = Scale(
        rows=options.rows,
        creators=options.creators or max(1, options.rows // _ROWS_A_CREATOR),
        rate=options.rate,
    )
    try:
        parts = simulate(scale)
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        return _INTERRUPTED
    found = figures(scale, parts, worst_case())
    course = [msgspec.to_builtins(point) for point in points(parts)]
    content = {**surroundings(), "figures": found, "course": course}
    results = RESULTS if options.out is None else options.out / RESULTS.name
    folder = options.out or ROOT / "test-output" / "simulate"
    folder.mkdir(parents=True, exist_ok=True)
    results.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table_of(found))
    console.print(f"written to {results}")
    if options.plots:
        from tests.simulate.plots import draw  # noqa: PLC0415 - matplotlib is optional

        console.print(f"{draw(content, folder)} plots are in {folder}")
    return int(not all(found["laws"].values()))


def _options(arguments: Sequence[str]) -> Any:  # noqa: ANN401 - argparse's namespace
    parser = argparse.ArgumentParser(prog="python -m tests.simulate", description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--creators", type=int, help="a hundredth of the rows if left out")
    parser.add_argument("--rate", type=int, default=10_000, help="rows a second that come in")
    parser.add_argument("--out", type=Path, help="folder for JSON and plots")
    parser.add_argument("--no-plots", dest="plots", action="store_false")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
