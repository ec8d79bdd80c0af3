"""``ops-dashboard plan``; calls no AWS, so it needs no stack. Edge (terminal, files)."""

from __future__ import annotations

from collections.abc import Collection
from importlib import resources
from pathlib import Path

import msgspec
from rich.text import Text

from ops_dashboard.monitoring.prices import LIST, REGION, Prices
from ops_dashboard.planner import text
from ops_dashboard.planner.capacity import Plan, Planner
from ops_dashboard.planner.document import Basis, document
from ops_dashboard.planner.measured import NAMES, Figures, Measured
from ops_dashboard.planner.overrides import read_numbers
from ops_dashboard.planner.timing import MIN_CONCURRENCY
from ops_dashboard.planner.workload import Job
from ops_dashboard.printing.terminal import console, print_json
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import parse_duration

_COLUMNS = 80
_MAX_CONCURRENCY = 1_000


class PlanOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options besides the job."""

    deadline: str
    max_concurrency: int
    region: str
    prices: Path | None
    measured: Path | None


def show_plan(job: Job, options: PlanOptions, *, verbose: bool, json: bool) -> None:
    """Print the cheapest plan; raises `UserError` if there is none."""
    basis = basis_of(options)
    planner = Planner(
        job=job,
        deadline_s=parse_duration(options.deadline),
        max_concurrency=_check_concurrency(options.max_concurrency),
        figures=basis.figures,
        prices=basis.prices,
    )
    plan = planner.plan()
    if json:
        print_json(document(plan, basis))
    else:
        _print(plan, basis, verbose=verbose)


def basis_of(options: PlanOptions) -> Basis:
    """Return prices and figures with what the user replaces; raises `UserError`."""
    prices = _numbers(options.prices, Prices.__struct_fields__, "--prices")
    figures = _numbers(options.measured, NAMES, "--measured")
    if options.region != REGION and not prices:
        msg = f"--region {options.region}: prices are those of {REGION}; replace them (--prices)"
        raise UserError(msg)
    return Basis(
        figures=Figures(measured=shipped_figures()).changed(figures),
        prices=LIST.changed(prices),
        region=options.region,
        replaced=(*figures, *prices),
    )


def shipped_figures() -> Measured:
    """Return the measured figures that this installation came with."""
    data = resources.files("ops_dashboard.planner").joinpath("measured.json").read_bytes()
    return msgspec.json.decode(data, type=Measured)


def _numbers(file: Path | None, known: Collection[str], option: str) -> dict[str, float]:
    if file is None:
        return {}
    try:
        data = file.read_bytes()
    except OSError as error:
        msg = f"{option} {file}: {error.strerror}"
        raise UserError(msg) from error
    return read_numbers(data, known, f"{option} {file}")


def _check_concurrency(concurrency: int) -> int:
    if not MIN_CONCURRENCY <= concurrency <= _MAX_CONCURRENCY:
        msg = f"--max-concurrency {concurrency}: expected {MIN_CONCURRENCY} to {_MAX_CONCURRENCY:,}"
        raise UserError(msg)
    return concurrency


def _print(plan: Plan, basis: Basis, *, verbose: bool) -> None:
    out = console()
    out.width = min(out.width, _COLUMNS) if out.is_terminal else _COLUMNS
    out.print(Text(text.summary(plan)))
    out.print(text.settings_table(plan))
    out.print(text.stages_table(plan))
    if verbose:
        out.print(Text(text.sizes_reason(basis)))
        out.print(text.sizes_table(plan))
        out.print(text.items_table(plan))
    for note in text.notes(plan, basis):
        out.print(Text(note))
