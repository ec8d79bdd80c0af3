"""What a batch has cost, from what was counted of it. Pure.

Counted: rows into the stream and folded, windows and collages with their table writes, objects,
messages and events, and the processing times of its windows. The measured and assumed figures, and
the prices, are those of `ops-dashboard plan`. Left out is what the stack costs without
the batch (stream hours, alarms, the sweeper), stored bytes, retries of Lambda, and transfer.
"""

from __future__ import annotations

import msgspec

from ops_dashboard.monitoring import cost
from ops_dashboard.monitoring.prices import LIST
from ops_dashboard.planner.measured import Figures
from ops_dashboard.planner.state_units import COLLAGE_WRITES, state_units
from ops_dashboard.planner.windowing_work import MEMORY_MB, VCPU_MB

_GB = 1e9


class BatchCost(msgspec.Struct, frozen=True, kw_only=True):
    """The cost of a batch in USD, without what its stack costs anyway."""

    rows_usd: float
    collages_usd: float
    usd: float
    per_thousand_collages_usd: float | None
    """None if it has no collage."""


class BatchWork(msgspec.Struct, frozen=True, kw_only=True):
    """What was done for a batch."""

    rows_sent: int
    creators: int
    """Number of creators, or of windows if that is not known: one write of a state each."""
    windows: int
    collages: int
    processing_ms: int
    """Sum of the windows' processing times: what they took of the invocations that built them."""
    collage_memory_mb: int
    """Memory of the collage function."""


def batch_cost(work: BatchWork, figures: Figures) -> BatchCost:
    """Return what a batch has cost."""
    rows = _rows_usd(work, figures)
    collages = _collages_usd(work, figures)
    total = rows + collages
    return BatchCost(
        rows_usd=rows,
        collages_usd=collages,
        usd=total,
        per_thousand_collages_usd=1_000 * total / work.collages if work.collages else None,
    )


def _rows_usd(work: BatchWork, figures: Figures) -> float:
    """Return the cost of the stream's bytes, of folding rows, and of writing creators' states."""
    stream_gb = work.rows_sent * figures.bytes_per_row / _GB
    cpu_s = work.rows_sent / figures.measured.fold_rows_per_cpu_s
    gb_s = cpu_s / (MEMORY_MB / VCPU_MB) * MEMORY_MB / 1_024
    writes = work.creators * state_units(figures).per_write
    return (
        stream_gb * (LIST.kinesis_on_demand_gb_in.one + LIST.kinesis_on_demand_gb_out.one)
        + gb_s * LIST.lambda_gb_s.one
        + writes * LIST.dynamodb_write.one
    )


def _collages_usd(work: BatchWork, figures: Figures) -> float:
    gb_s = work.processing_ms / 1_000 * work.collage_memory_mb / 1_024
    writes = work.windows * (state_units(figures).per_window + COLLAGE_WRITES)
    return (
        gb_s * LIST.lambda_gb_s.one
        + writes * LIST.dynamodb_write.one
        + work.windows * cost.collage_usd()
    )
