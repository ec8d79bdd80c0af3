"""Round figures for plans, so that results can be computed by hand. Pure."""

from __future__ import annotations

from ops_dashboard.monitoring.prices import LIST
from ops_dashboard.planner.capacity import Plan, Planner
from ops_dashboard.planner.measured import Figures, Measured
from ops_dashboard.planner.workload import Order, job_of

MEASURED = Measured(
    date="2026-11-21",
    machine="by hand",
    collage_images_per_cpu_s=160,
    collage_peak_mb=125,
    rows_per_shard_s=14_000,
    fold_rows_per_cpu_s=100_000,
    push_rows_per_s=13_000,
    state_units_sorted=0.5,
    state_units_drip=4,
    renditions_cpu_s=0.45,
    augmentation_cpu_s=0.1,
)
FIGURES = Figures(measured=MEASURED)


def planned(  # noqa: PLR0913 - what a plan depends on
    images: int,
    creators: int | None = None,
    order: Order = Order.SORTED,
    *,
    files: int = 0,
    deadline_s: int = 1_800,
    max_concurrency: int = 900,
    copies: bool = True,
    originals: bool = True,
    figures: Figures = FIGURES,
) -> Plan:
    """Return the plan of a job at list prices."""
    job = job_of(images, creators, order, files=files, copies=copies, originals=originals)
    return Planner(
        job=job,
        deadline_s=deadline_s,
        max_concurrency=max_concurrency,
        figures=figures,
        prices=LIST,
    ).plan()
