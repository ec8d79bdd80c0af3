"""A plan as JSON with all its inputs, and the settings that it recommends. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from ops_dashboard.monitoring import prices as price_list
from ops_dashboard.monitoring.prices import Prices
from ops_dashboard.planner.capacity import Plan
from ops_dashboard.planner.intake_work import intake_work
from ops_dashboard.planner.measured import Figures


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """Inputs of a plan."""

    figures: Figures
    prices: Prices
    region: str
    replaced: tuple[str, ...]
    """Names of figures and prices that the user replaced."""


def document(plan: Plan, basis: Basis) -> dict[str, Any]:
    """Return a plan with all its inputs."""
    return {
        "job": {**msgspec.to_builtins(plan.job), "windows": plan.job.windows},
        "deadline_s": plan.deadline_s,
        "expected_s": round(plan.timing.seconds, 1),
        "bottleneck": plan.timing.bottleneck.value,
        "settings": {each.name: each.value for each in settings(plan)},
        "why": {each.name: each.why for each in settings(plan)},
        "windowing": plan.work,
        "stages": [
            {"stage": stage.value, "seconds": round(seconds, 1), "usd": plan.usd_of(stage)}
            for stage, seconds in plan.timing.stages.items()
        ],
        "usd": plan.usd,
        "usd_per_million_images": plan.per_million(plan.usd),
        "items": [
            {**msgspec.to_builtins(item), "usd": item.usd} for item in plan.items if item.count
        ],
        "collage_sizes": [
            {
                **msgspec.to_builtins(each.size),
                "seconds": each.size.seconds,
                "concurrency": each.concurrency,
            }
            for each in plan.candidates
        ],
        "stream_month": plan.stream_month,
        "stored": plan.stored,
        **basis_document(basis),
    }


def basis_document(basis: Basis) -> dict[str, Any]:
    """Return the inputs of a plan."""
    return {
        "prices": {
            "region": basis.region,
            "source": price_list.SOURCE,
            "date": price_list.DATE,
            "list": basis.prices,
        },
        "figures": basis.figures,
        "replaced": basis.replaced,
    }


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A setting of the stack, by its key in ``Pulumi.<stack>.yaml``."""

    name: str
    value: int | bool
    why: str


def settings(plan: Plan) -> list[Setting]:
    """Return the settings that a plan recommends."""
    stream, size, job = plan.work.stream, plan.size, plan.job
    found = [
        ("streamShards", stream.shards, _stream_cost(plan)),
        (
            "windowingParallelization",
            stream.parallelization,
            f"{plan.work.rows_per_delivery:,.0f} rows per delivery",
        ),
        (
            "windowingBatchingWindowS",
            stream.batching_window_s,
            f"a state is written {plan.work.creator_deliveries / job.creators:,.1f} times",
        ),
        (
            "collageMemoryMb",
            size.memory_mb,
            f"cheapest: {size.cpu_s:.2f} s CPU, {size.network_s:.2f} s network",
        ),
        ("collageMaxConcurrency", plan.concurrency, "lowest that meets the deadline"),
    ]
    if job.files:
        intake = intake_work(job, plan.figures)
        why = f"reads {intake.rows_per_s:,.0f} rows a second"
        found.append(("intakeMaxConcurrency", intake.at_once, why))
    switches = [("byCreatorCopy", job.copies), ("keepOriginals", job.originals)]
    found += [(name, False, "as requested") for name, is_on in switches if not is_on]
    return [Setting(name=name, value=value, why=why) for name, value, why in found]


def _stream_cost(plan: Plan) -> str:
    month = plan.stream_month
    by_shard = f"{month.provisioned_usd:.2f} USD a month"
    if plan.work.stream.shards:
        return f"{by_shard}; on demand {month.on_demand_usd:.2f}"
    return f"on demand, {month.on_demand_usd:.2f} USD a month; {month.shards} shards {by_shard}"
