"""DynamoDB write units of a job, from the two benchmarks of the state. Pure."""

from __future__ import annotations

import msgspec

from ops_dashboard.planner.measured import Figures

BENCH_ROWS, BENCH_WINDOWS = 100, 2
"""Rows and windows of each creator in the benchmark `state`."""
DRIP_ROWS, DRIP_WINDOWS = 350, 10
"""Rows and windows of the creator in the benchmark `state.drip`."""
COLLAGE_WRITES = 3 + 5
"""Units of a worker's claim and end of a window, counted on the embedded AWS: its item and
`due-index` twice (a key moves); its item, `status-date-index` twice, the others once."""


class StateUnits(msgspec.Struct, frozen=True, kw_only=True):
    """Write units of windowing: per write of a creator's state, and per window.

    Those of a window are its items in the creator's transaction, with their indexes, and the update
    that records its event as emitted.
    """

    per_write: float
    per_window: float


def state_units(figures: Figures) -> StateUnits:
    """Return the units, at least one each.

    The benchmarks give two equations: 100 rows of a creator at once are one write and 2 windows,
    350 rows one at a time are 350 writes and 10 windows. Mixed rows on the embedded AWS took 1 to
    16 % less than computed here.
    """
    together = figures.measured.state_units_sorted * BENCH_ROWS
    apart = figures.measured.state_units_drip * DRIP_ROWS
    per_window = (DRIP_ROWS * together - apart) / (DRIP_ROWS * BENCH_WINDOWS - DRIP_WINDOWS)
    per_write = together - BENCH_WINDOWS * per_window
    return StateUnits(per_write=max(1.0, per_write), per_window=max(1.0, per_window))
