"""Photos cost what their requests cost, and the bill says for what."""

from __future__ import annotations

import pytest

from ops_dashboard.monitoring.prices import LIST
from ops_dashboard.planner.photos import DEFAULT_MB, WORK, plan_photos
from rendition_lambda.recipe import RECIPES, RENDITIONS
from stream_ingest.contracts.errors import UserError
from tests.fakes.photos.account import PhotoAccount


def test_a_thousand_photos_of_24_megapixels_cost_at_most_six_cents() -> None:
    plan = next(
        each for each in plan_photos(1_000, DEFAULT_MB, LIST) if each.recipe == "renditions"
    )

    assert plan.usd == pytest.approx(plan.per_thousand)
    assert 0.04 < plan.per_thousand <= 0.06


def test_every_recipe_is_planned_unless_it_refuses_the_size() -> None:
    assert set(WORK) == set(RECIPES)
    assert [each.recipe for each in plan_photos(10, 8, LIST)] == list(RECIPES)
    assert [each.recipe for each in plan_photos(10, 50, LIST)] == [RENDITIONS.name]


@pytest.mark.parametrize(
    ("photos", "mb", "text"),
    [(0, 8.0, "--photos 0"), (1, 0.0, "--mb 0"), (1, 201.0, "--mb 201")],
)
def test_numbers_out_of_range_are_refused(photos: int, mb: float, text: str) -> None:
    with pytest.raises(UserError, match=text):
        plan_photos(photos, mb, LIST)


def test_the_counted_requests_are_those_that_are_made() -> None:
    account = PhotoAccount()
    account.put("g/a.jpg", b"one")
    account.drain()
    outputs = next(item for item in plan_photos(1, 8, LIST)[0].items if item.what == "outputs")

    assert outputs.count == account.s3.puts
