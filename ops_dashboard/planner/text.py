"""A plan as text and tables. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table

from ops_dashboard.monitoring import prices as price_list
from ops_dashboard.planner.bill import Item
from ops_dashboard.planner.capacity import Candidate, Plan
from ops_dashboard.planner.collage_work import MEMORY_HEADROOM
from ops_dashboard.planner.document import Basis, settings
from ops_dashboard.planner.timing import duration
from ops_dashboard.planner.windowing_work import VCPU_MB
from ops_dashboard.planner.workload import Job
from ops_dashboard.printing.tables import table_of

_SMALL_USD = 0.005


def summary(plan: Plan) -> str:
    """Return the job, its expected duration and the bottleneck."""
    job = plan.job
    return (
        f"{job.images:,} images of {job.creators:,} creators, {job.order}{_files(job)}:"
        f" {job.windows:,} windows, {job.partial_windows:,} not full.\n"
        f"Expected to take {duration(plan.timing.seconds)}, within"
        f" {duration(plan.deadline_s)}; bottleneck: {plan.timing.bottleneck}."
    )


def _files(job: Job) -> str:
    if not job.files:
        return ""
    return ", in 1 file" if job.files == 1 else f", in {job.files:,} files"


def settings_table(plan: Plan) -> Table:
    """Return the recommended settings of the stack, with reasons."""
    return table_of(
        ["setting", "value", "why"],
        [[each.name, _value(each.value), each.why] for each in settings(plan)],
    )


def stages_table(plan: Plan) -> Table:
    """Return time and cost of each stage; stages overlap, so their times do not add up."""
    table = table_of(
        ["stage", "takes", "USD", "USD per million images"],
        [
            [
                f"{stage} (bottleneck)" if stage is plan.timing.bottleneck else stage.value,
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
    columns = ["memory MB", "vCPU", "CPU", "network", "per window", "concurrency", "USD/M images"]
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
    """Yield what the figures are based on and what they leave out."""
    measured = basis.figures.measured
    yield f"Windowing takes {duration(plan.work.seconds)} because of {plan.work.limit}."
    yield from _savings(plan)
    month = basis.prices.s3_gb_month.one
    stored = plan.stored
    yield (
        f"Storage, not included: collages {stored.collages_gb:,.0f} GB"
        f" ({_usd(stored.collages_gb * month)} USD a month), originals"
        f" {stored.originals_gb:,.0f} GB ({_usd(stored.originals_gb * month)} USD for 30 days)."
    )
    yield (
        f"Prices: {_region(basis)}, {price_list.SOURCE}, {price_list.DATE}; without taxes, free"
        " tiers, data transfer and fixed costs."
    )
    assumed = basis.figures.assumed
    yield (
        f"Measured: make bench, {measured.date}, {measured.machine}. Assumed:"
        f" {assumed.collage_network_s:g} s network per window,"
        f" {assumed.collage_originals_s:g} s of it for originals and"
        f" {assumed.collage_publishing_s:g} s to publish, {assumed.collage_overlap:.0%} of the rest"
        f" beside work on others, {assumed.aws_call_ms:g} ms per call,"
        f" a table of {assumed.table_writes_per_s:,.0f} write units per second."
    )
    if basis.replaced:
        yield f"Replaced by you: {', '.join(basis.replaced)}."


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
    """Return how the collage function's memory is chosen."""
    peak_mb = basis.figures.measured.collage_peak_mb
    return (
        f"Lambda allots a vCPU for each {VCPU_MB:,} MB and bills memory x time. CPU time shrinks"
        " with memory at the same cost; network time does not, and costs more. So the smallest"
        " memory that meets the deadline is best, but at least 512 MB (35 concurrent downloads)"
        f" and {MEMORY_HEADROOM * peak_mb:,.0f} MB (peak of {peak_mb:,.0f} MB plus a quarter)."
    )


def _item_row(plan: Plan, item: Item) -> list[str]:
    count = f"{item.count:,.0f}" if item.count >= 100 else f"{item.count:,.2f}"  # noqa: PLR2004 - significant digits
    return [
        item.stage.value,
        item.what,
        count,
        item.price.what,
        _usd(item.usd),
        _usd(plan.per_million(item.usd)),
    ]


def _region(basis: Basis) -> str:
    if basis.region == price_list.REGION:
        return basis.region
    return f"{basis.region}, but {price_list.REGION}'s unless replaced by you"


def _savings(plan: Plan) -> Iterator[str]:
    switches = {"byCreatorCopy": "copy by creator", "keepOriginals": "originals"}
    for name, what in switches.items():
        usd = plan.per_million(sum(item.usd for item in plan.items if item.what == what))
        if usd:
            yield f"{name} false would save {_usd(usd)} USD per million images."


def _value(value: int | bool) -> str:  # noqa: FBT001 - the value to show
    return str(value).lower() if isinstance(value, bool) else f"{value:,}"


def _usd(usd: float) -> str:
    return "" if not usd else f"{usd:,.2f}" if usd >= _SMALL_USD else "< 0.01"


def _right(table: Table, first: int) -> Table:
    for column in table.columns[first:]:
        column.justify = "right"
    return table
