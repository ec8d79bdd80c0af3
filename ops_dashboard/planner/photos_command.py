"""``ops-dashboard plan --photos``; calls no AWS. Edge (terminal)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec
from rich.text import Text

from ops_dashboard.monitoring import prices as price_list
from ops_dashboard.monitoring.prices import Prices
from ops_dashboard.planner.command import PlanOptions, basis_of
from ops_dashboard.planner.document import Basis, basis_document
from ops_dashboard.planner.photos import PER, PhotoPlan, plan_photos
from ops_dashboard.printing.tables import table_of
from ops_dashboard.printing.terminal import console, print_json

_COLUMNS = 80
_HALF = 1e-12
"""So that a half is rounded upwards, whatever its binary fraction is."""


def show_photo_plan(number: int, mb: float, options: PlanOptions, *, json: bool) -> None:
    """Print what photos cost by each recipe; raises `UserError` for bad numbers."""
    basis = basis_of(options)
    plans = plan_photos(number, mb, basis.figures, basis.prices)
    if json:
        print_json(_document(plans, basis))
        return
    out = console()
    out.width = min(out.width, _COLUMNS) if out.is_terminal else _COLUMNS
    out.print(Text(f"{number:,} photos of {mb:g} MB; a photo takes {_seconds(plans)}."))
    for plan in plans:
        out.print(_table(plan))
    for note in _notes(plans, basis):
        out.print(Text(note))


def _document(plans: list[PhotoPlan], basis: Basis) -> dict[str, Any]:
    """Return plans with all their inputs."""
    return {
        "recipes": [
            {
                **msgspec.to_builtins(plan),
                "items": [{**msgspec.to_builtins(each), "usd": each.usd} for each in plan.items],
                "usd": plan.usd,
                "usd_per_thousand": plan.per_thousand,
            }
            for plan in plans
        ],
        **basis_document(basis),
    }


def _table(plan: PhotoPlan) -> object:
    usd: defaultdict[str, float] = defaultdict(float)
    for item in plan.items:
        usd[item.what] += item.usd
    rows = [[what, _usd(total), _usd(total * PER / plan.photos)] for what, total in usd.items()]
    table = table_of(["by " + plan.recipe, "USD", "USD per 1,000 photos"], rows)
    table.add_section()
    table.add_row("all", _usd(plan.usd), _usd(plan.per_thousand))
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def _notes(plans: list[PhotoPlan], basis: Basis) -> Iterator[str]:
    month = basis.prices.s3_gb_month.one
    for plan in plans:
        yield (
            f"Storage, not included: {plan.stored_gb:,.1f} GB with the outputs of {plan.recipe}"
            f" ({_usd(plan.stored_gb * month)} USD a month)."
        )
    yield from (_served(plan, basis.prices) for plan in plans if plan.views)
    yield (
        f"Prices: {basis.region}, {price_list.SOURCE}, {price_list.DATE}; without taxes, free"
        " tiers and fixed costs (alarms, dashboard)."
    )
    measured, assumed = basis.figures.measured, basis.figures.assumed
    yield (
        f"Measured: make bench, {measured.date}, {measured.machine}:"
        f" {measured.renditions_cpu_s:g} s CPU for the renditions of a JPEG of 24 MP,"
        f" {measured.augmentation_cpu_s:g} s for its rotations. Assumed:"
        f" {assumed.photo_network_s:g} s network, arm64 as fast, uploads by our commands and pages"
        " (in parts above 16 MiB; `aws s3 cp` sends parts above 8 MB)."
    )
    if basis.replaced:
        yield f"Replaced by you: {', '.join(basis.replaced)}."


def _served(plan: PhotoPlan, prices: Prices) -> str:
    usd = plan.served_gb * prices.cdn_gb.one + plan.views * prices.cdn_request.one
    return (
        f"CDN, not included: {_usd(usd)} USD if each rendition is viewed once"
        f" ({plan.served_gb:,.1f} GB at {prices.cdn_gb.usd:g} USD, {plan.views:,} requests at"
        f" {prices.cdn_request.usd:g} USD per 10,000, Europe and North America); 1 TB and 10"
        " million requests a month are free."
    )


def _seconds(plans: list[PhotoPlan]) -> str:
    return ", ".join(f"{plan.seconds:.2f} s by {plan.recipe}" for plan in plans)


def _usd(usd: float) -> str:
    return f"{usd + _HALF:,.4f}"
