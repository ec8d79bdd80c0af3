"""A plan as a person reads it and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from rich.table import Table

from ops_dashboard import prices as price_list
from ops_dashboard.bill import Item
from ops_dashboard.capacity import Candidate, Plan
from ops_dashboard.collage_work import ROOM
from ops_dashboard.measured import Figures
from ops_dashboard.prices import Prices
from ops_dashboard.printing import table_of
from ops_dashboard.timing import duration
from ops_dashboard.windowing_work import VCPU_MB

_SMALL_USD = 0.005


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan was reckoned with."""

    figures: Figures
    prices: Prices
    region: str
    replaced: tuple[str, ...]
    """Names of the figures and prices that were given in place of ours."""


def summary(plan: Plan) -> str:
    """Return what is planned, and whether when it ends is due to one stage."""
    job = plan.job
    return (
        f"{job.images:,} images of {job.creators:,} creators, {job.order}: {job.windows:,} windows,"
        f" {job.partial_windows:,} not full.\n"
        f"Expected to take {duration(plan.timing.seconds)}, within"
        f" {duration(plan.deadline_s)}; {plan.timing.binds} binds."
    )


def settings_table(plan: Plan) -> Table:
    """Return the settings of the stack, and why each is as it is."""
    rows = [[name, str(value), why] for name, value, why in _settings(plan)]
    return table_of(["setting", "value", "why"], rows)


def stages_table(plan: Plan) -> Table:
    """Return what each stage takes and costs; they overlap, so their times do not add up."""
    table = table_of(
        ["stage", "takes", "USD", "USD per million images"],
        [
            [
                f"{stage} (binds)" if stage is plan.timing.binds else stage.value,
                duration(seconds),
                _usd(plan.usd_of(stage)),
                _usd(plan.per_million(plan.usd_of(stage))),
            ]
            for stage, seconds in plan.timing.stages.items()
        ],
    )
    table.add_section()
    total = [duration(plan.timing.seconds), _usd(plan.usd), _usd(plan.per_million(plan.usd))]
    table.add_row("all", *total)
    return _right(table, 1)


def sizes_table(plan: Plan) -> Table:
    """Return the sizes of the collage function that were compared."""
    columns = ["collageMemoryMb", "vCPU", "CPU", "network", "a window", "at once", "USD/M images"]
    table = table_of(columns, [_size_row(plan, each) for each in plan.candidates])
    return _right(table, 0)


def items_table(plan: Plan) -> Table:
    """Return the bill."""
    table = table_of(
        ["stage", "item", "count", "of", "USD", "USD/M"],
        [_item_row(plan, item) for item in plan.items if item.count],
    )
    for column in table.columns[2:3] + table.columns[4:]:
        column.justify = "right"
    return table


def notes(plan: Plan, basis: Basis) -> Iterator[str]:
    """Yield what the figures rest on and what they leave out."""
    measured = basis.figures.measured
    yield f"Cheaper: {'; '.join(_savings(plan, basis))}." if _savings(plan, basis) else ""
    month = basis.prices.s3_gb_month.one
    kept = plan.kept
    yield (
        f"Kept, not in the sums: collages {kept.collages_gb:,.0f} GB"
        f" ({_usd(kept.collages_gb * month)} USD a month), originals {kept.originals_gb:,.0f} GB"
        f" ({_usd(kept.originals_gb * month)} USD for 30 days)."
    )
    yield (
        f"Prices: {basis.region}, {price_list.SOURCE}, {price_list.DATE}; without taxes, free"
        " tiers, data transfer and what stands whether or not rows come."
    )
    yield f"Work an image: make bench, {measured.date}, {measured.machine}."
    if basis.replaced:
        yield f"Given by you: {', '.join(basis.replaced)}."


def document(plan: Plan, basis: Basis) -> dict[str, Any]:
    """Return a plan with all that is behind it."""
    return {
        "job": {**msgspec.to_builtins(plan.job), "windows": plan.job.windows},
        "deadline_s": plan.deadline_s,
        "expected_s": round(plan.timing.seconds, 1),
        "binds": plan.timing.binds.value,
        "settings": {name: value for name, value, _ in _settings(plan)},
        "why": {name: why for name, _, why in _settings(plan)},
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
        "kept": plan.kept,
        "prices": {
            "region": basis.region,
            "source": price_list.SOURCE,
            "date": price_list.DATE,
            "list": basis.prices,
        },
        "figures": basis.figures,
        "replaced": basis.replaced,
    }


def _settings(plan: Plan) -> list[tuple[str, int | bool, str]]:
    stream, month, size = plan.work.stream, plan.stream_month, plan.size
    by_shard = f"{month.shards} x {month.provisioned_usd / month.shards:.2f} USD a month"
    on_demand = f"on demand {month.on_demand_usd:.2f}"
    return [
        ("streamShards", stream.shards, f"{by_shard}, {on_demand}"),
        (
            "windowingParallelization",
            stream.parallelization,
            f"{plan.work.rows_a_delivery:,.0f} rows a delivery:",
        ),
        (
            "windowingBatchingWindowS",
            stream.batching_window_s,
            f"a state is written {plan.work.creator_deliveries / plan.job.creators:,.1f} times",
        ),
        (
            "collageMemoryMb",
            size.memory_mb,
            f"{size.cpu_s:.2f} s CPU, {size.network_s:.2f} s network: cheapest in time",
        ),
        ("collageMaxConcurrency", plan.concurrency, "fewest that meet the deadline"),
        ("byCreatorCopy", plan.job.copies, "as you said" if not plan.job.copies else "default"),
        ("keepSources", plan.job.originals, "as you said" if not plan.job.originals else "default"),
    ]


def _size_row(plan: Plan, each: Candidate) -> list[str]:
    size = each.size
    chosen = "* " if size.memory_mb == plan.size.memory_mb else ""
    return [
        f"{chosen}{size.memory_mb:,}",
        f"{size.memory_mb / VCPU_MB:.2f}",
        f"{size.cpu_s:.2f} s",
        f"{size.network_s:.2f} s",
        f"{size.seconds:.2f} s",
        "too slow" if each.concurrency is None else f"{each.concurrency:,}",
        f"{size.usd_per_million_images:.3f}",
    ]


def sizes_reason(basis: Basis) -> str:
    """Return the rule by which the collage function's memory is chosen."""
    peak_mb = basis.figures.measured.collage_peak_mb
    return (
        f"Lambda gives a vCPU for each {VCPU_MB:,} MB and bills memory x time. CPU time shrinks"
        " with memory at the same cost; network time does not shrink, and costs more. So: the"
        " least memory that meets the deadline, from 512 MB (35 downloads at once) and from"
        f" {ROOM * peak_mb:,.0f} MB (peak {peak_mb:,.0f} MB and a quarter)."
    )


def _item_row(plan: Plan, item: Item) -> list[str]:
    count = f"{item.count:,.0f}" if item.count >= 100 else f"{item.count:,.2f}"  # noqa: PLR2004 - digits that mean something
    return [
        item.stage.value,
        item.what,
        count,
        item.price.what,
        _usd(item.usd),
        _usd(plan.per_million(item.usd)),
    ]


def _savings(plan: Plan, basis: Basis) -> list[str]:
    put = plan.job.windows * basis.prices.s3_put.one
    saved = f"{_usd(plan.per_million(put))} USD per million images less"
    switches = [("byCreatorCopy", plan.job.copies), ("keepSources", plan.job.originals)]
    return [f"{name} off, {saved}" for name, is_on in switches if is_on]


def _usd(usd: float) -> str:
    return "" if not usd else f"{usd:,.2f}" if usd >= _SMALL_USD else "< 0.01"


def _right(table: Table, first: int) -> Table:
    for column in table.columns[first:]:
        column.justify = "right"
    return table
