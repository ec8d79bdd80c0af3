"""``ops-dashboard plan --photos``; calls no AWS. Edge (terminal)."""

from __future__ import annotations

from collections import defaultdict

import msgspec
from rich.text import Text

from ops_dashboard.monitoring import prices as price_list
from ops_dashboard.planner import photos
from ops_dashboard.planner.command import PlanOptions, basis_of
from ops_dashboard.planner.photos import CDN_GB, PER, PhotoPlan, photo_document, plan_photos
from ops_dashboard.printing.tables import table_of
from ops_dashboard.printing.terminal import console, print_json

_COLUMNS = 80
_HALF = 1e-12
"""So that a half is rounded upwards, whatever its binary fraction is."""


def show_photo_plan(number: int, mb: float, options: PlanOptions, *, json: bool) -> None:
    """Print what photos cost by each recipe; raises `UserError` for bad numbers."""
    basis = basis_of(options)
    plans = plan_photos(number, mb, basis.prices)
    if json:
        listed = msgspec.to_builtins(basis.prices)
        about = {"region": basis.region, "source": price_list.SOURCE, "date": price_list.DATE}
        print_json(photo_document(plans, {**about, "list": listed}))
        return
    out = console()
    out.width = min(out.width, _COLUMNS) if out.is_terminal else _COLUMNS
    out.print(Text(f"{number:,} photos of {mb:g} MB; a photo takes {_seconds(plans)}."))
    for plan in plans:
        out.print(_table(plan))
    for note in _notes(plans, basis.prices.s3_gb_month.one, basis.region):
        out.print(Text(note))


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


def _notes(plans: list[PhotoPlan], month: float, region: str) -> list[str]:
    notes = [
        f"Storage, not included: {plan.stored_gb:,.1f} GB with the outputs of {plan.recipe}"
        f" ({_usd(plan.stored_gb * month)} USD a month)."
        for plan in plans
    ]
    notes += [
        f"CDN, not included: {plan.served_gb:,.1f} GB if every output is viewed once"
        f" ({_usd(plan.served_gb * CDN_GB.usd)} USD at {CDN_GB.usd:g} USD per GB; the first TB of a"
        " month is free)."
        for plan in plans
        if plan.served_gb
    ]
    return [
        *notes,
        (
            f"Prices: {region}, {price_list.SOURCE}, {price_list.DATE}; without taxes, free tiers"
            " and fixed costs (alarms, dashboard)."
        ),
        photos.SOURCES,
    ]


def _seconds(plans: list[PhotoPlan]) -> str:
    return ", ".join(f"{plan.seconds:.2f} s by {plan.recipe}" for plan in plans)


def _usd(usd: float) -> str:
    return f"{usd + _HALF:,.4f}"
