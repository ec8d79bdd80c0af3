"""Write the figures that ``ops-dashboard plan`` ships from ``bench-results.json``. Edge (files).

``python -m tools.measured_figures [bench-results.json]``
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ops_dashboard.checkout import ROOT
from ops_dashboard.planner.measured import Measured
from stream_ingest.cli.terminal import run
from stream_ingest.contracts.errors import UserError
from tools.bench_figures import machines_of, oldest_date

BENCH_RESULTS = ROOT / "bench-results.json"
MEASURED = ROOT / "ops_dashboard" / "planner" / "measured.json"
_BENCHMARKS = {
    "collage_images_per_cpu_s": "collage.https",
    "collage_peak_mb": "collage.https.peak",
    "rows_per_shard_s": "pack",
    "fold_rows_per_cpu_s": "fold",
    "push_rows_per_s": "push",
    "state_units_sorted": "state",
    "state_units_drip": "state.drip",
    "renditions_cpu_s": "photos.24 MP",
    "augmentation_cpu_s": "photos.augmentation of 24 MP",
}
"""Fields of `Measured` and the entries of ``bench-results.json`` that they come from."""


def measured_from(results: Mapping[str, Any]) -> Measured:
    """Return the figures of a benchmark run; raises `UserError` naming those that are missing."""
    missing = [name for name in _BENCHMARKS.values() if results.get(name, {}).get("ours") is None]
    if missing or "machine" not in results:
        msg = f"bench-results.json has no figure of {', '.join(missing) or 'its machine'}"
        raise UserError(msg)
    return Measured(
        date=oldest_date(results, _BENCHMARKS.values()),
        machine=machines_of(results, _BENCHMARKS.values()),
        **{field: float(f"{results[name]['ours']:.4g}") for field, name in _BENCHMARKS.items()},
    )


def measured_file(results: Path) -> bytes:
    """Return the content of ``measured.json`` for the results in a file."""
    measured = measured_from(msgspec.json.decode(results.read_bytes()))
    return msgspec.json.format(msgspec.json.encode(measured)) + b"\n"


def main() -> None:
    """Write ``measured.json`` into this source tree."""
    results = Path(sys.argv[1]) if len(sys.argv) > 1 else BENCH_RESULTS
    MEASURED.write_bytes(measured_file(results))


if __name__ == "__main__":
    run(main, "measured_figures")
