"""Makes ``measured.json`` from ``bench-results.json``, and reads it. Edge (files).

``python -m ops_dashboard.planner.measured_file [bench-results.json]``
"""

from __future__ import annotations

import sys
from importlib import resources
from pathlib import Path

import msgspec

from ops_dashboard.planner.measured import Measured, of_bench
from stream_ingest.cli.terminal import run

NAME = "measured.json"
BENCH_RESULTS = Path("bench-results.json")


def shipped() -> Measured:
    """Return the figures that this installation came with."""
    data = resources.files("ops_dashboard").joinpath(NAME).read_bytes()
    return msgspec.json.decode(data, type=Measured)


def made_from(results: Path) -> bytes:
    """Return what ``measured.json`` is to be after a benchmark."""
    measured = of_bench(msgspec.json.decode(results.read_bytes()))
    return msgspec.json.format(msgspec.json.encode(measured)) + b"\n"


def main() -> None:
    """Write the file into this source tree."""
    results = Path(sys.argv[1]) if len(sys.argv) > 1 else BENCH_RESULTS
    Path(__file__).with_name(NAME).write_bytes(made_from(results))


if __name__ == "__main__":
    run(main, "measured")
