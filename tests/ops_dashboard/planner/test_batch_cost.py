from __future__ import annotations

import msgspec
import pytest

from ops_dashboard.planner.batch_cost import BatchWork, batch_cost
from ops_dashboard.planner.command import shipped_figures
from ops_dashboard.planner.measured import Figures

FIGURES = Figures(measured=shipped_figures())
WORK = BatchWork(
    rows_sent=35_000,
    creators=1_000,
    windows=1_000,
    collages=900,
    processing_ms=900_000,
    collage_memory_mb=1_769,
)


def test_a_batch_costs_what_its_rows_and_collages_cost() -> None:
    cost = batch_cost(WORK, FIGURES)
    assert cost.usd == pytest.approx(cost.rows_usd + cost.collages_usd)
    assert cost.per_thousand_collages_usd == pytest.approx(cost.usd / 0.9)
    assert 0.02 < cost.usd < 0.2  # some 2 USD for a million images, by the plan


def test_time_of_the_collage_function_is_what_was_measured_of_the_batch() -> None:
    longer = batch_cost(msgspec.structs.replace(WORK, processing_ms=1_900_000), FIGURES)
    more_usd = longer.collages_usd - batch_cost(WORK, FIGURES).collages_usd
    assert more_usd == pytest.approx(1_000 * 1_769 / 1_024 * 0.0000133334)


def test_the_memory_of_the_collage_function_is_that_of_the_stack() -> None:
    smaller = batch_cost(msgspec.structs.replace(WORK, collage_memory_mb=1_024), FIGURES)
    less_usd = batch_cost(WORK, FIGURES).collages_usd - smaller.collages_usd
    assert less_usd == pytest.approx(900 * (1_769 - 1_024) / 1_024 * 0.0000133334)


def test_rows_that_are_all_known_cost_something_and_no_collage_has_no_price() -> None:
    work = msgspec.structs.replace(
        WORK, rows_sent=1_778, creators=0, windows=0, collages=0, processing_ms=0
    )
    cost = batch_cost(work, FIGURES)
    assert cost.usd > 0
    assert cost.per_thousand_collages_usd is None
