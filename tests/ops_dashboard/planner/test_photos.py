"""Photos cost what their requests cost, and the bill says for what."""

from __future__ import annotations

import pytest

from ops_dashboard.monitoring.prices import LIST
from ops_dashboard.planner.photos import (
    DEFAULT_MB,
    PhotoPlan,
    checking_items,
    plan_photos,
    rendering_items,
    seconds_of,
    upload_items,
)
from rendition_lambda.recipe import AUGMENTATION, RECIPES, RENDITIONS, Recipe
from stream_ingest.contracts.errors import UserError
from tests.fakes.ops.plan_figures import FIGURES
from tests.fakes.photos.account import PhotoAccount
from tests.faults.harness.injector import Faults


def plan_of(recipe: Recipe, mb: float) -> PhotoPlan:
    plans = plan_photos(1_000, mb, FIGURES, LIST)
    return next(each for each in plans if each.recipe == recipe.name)


@pytest.mark.parametrize(("recipe", "mb"), [(RENDITIONS, DEFAULT_MB), (AUGMENTATION, DEFAULT_MB)])
def test_a_thousand_photos_cost_at_most_six_cents_at_the_cpu_time_that_is_aimed_at(
    recipe: Recipe, mb: float
) -> None:
    plan = plan_of(recipe, mb)

    assert plan.usd == pytest.approx(plan.per_thousand)
    assert 0.04 < plan.per_thousand <= 0.06


def test_every_recipe_is_planned_unless_it_refuses_the_size() -> None:
    planned = [each.recipe for each in plan_photos(10, 8, FIGURES, LIST)]
    assert planned == list(RECIPES)
    large = plan_photos(10, 50, FIGURES, LIST)
    assert [each.recipe for each in large] == [RENDITIONS.name]


@pytest.mark.parametrize(
    ("photos", "mb", "text"),
    [(0, 8.0, "--photos 0"), (1, 0.0, "--mb 0"), (1, 201.0, "--mb 201")],
)
def test_numbers_out_of_range_are_refused(photos: int, mb: float, text: str) -> None:
    with pytest.raises(UserError, match=text):
        plan_photos(photos, mb, FIGURES, LIST)


def test_measured_and_assumed_figures_decide_the_functions_time() -> None:
    assert seconds_of(RENDITIONS, DEFAULT_MB, FIGURES) == pytest.approx(0.45 + 0.3)
    slow = FIGURES.changed({"renditions_cpu_s": 1.0, "photo_network_s": 0.0})
    assert seconds_of(RENDITIONS, DEFAULT_MB, slow) == pytest.approx(1.0)
    assert seconds_of(RENDITIONS, 3 * DEFAULT_MB, slow) == pytest.approx(2.0)
    assert seconds_of(AUGMENTATION, DEFAULT_MB, slow) == pytest.approx(0.1)


@pytest.mark.parametrize(("mb", "puts"), [(16.7, 1), (16.8, 2 + 3), (100.0, 2 + 12)])
def test_large_files_are_uploaded_in_parts(mb: float, puts: int) -> None:
    assert next(each.count for each in upload_items(mb, LIST) if each.what == "upload") == puts


@pytest.mark.parametrize(
    ("recipe", "key"), [(RENDITIONS, "g/a.jpg"), (AUGMENTATION, "original-uploads/a.jpg")]
)
def test_the_counted_requests_are_those_that_are_made(recipe: Recipe, key: str) -> None:
    account = PhotoAccount()
    account.put(key, b"one")
    calls = work_off(account)
    counts = {
        (each.what, each.price.what): each.count
        for each in rendering_items(recipe, DEFAULT_MB, FIGURES, LIST)
    }

    assert counts["outputs", "PUTs"] == calls.count("s3.put_object")
    reads = calls.count("s3.head_object") + calls.count("s3.get_object")
    assert counts["original", "GETs"] == reads
    assert counts["events", "events"] == calls.count("events.put_events")
    assert counts["table", "read units"] == calls.count("dynamodb.get_item")


def test_a_removal_makes_the_counted_requests() -> None:
    account = PhotoAccount()
    account.put("g/a.jpg", b"one")
    account.drain()
    account.delete("g/a.jpg")
    calls = work_off(account)
    counts = {each.what: each.count for each in checking_items(LIST)}

    assert counts["original"] == calls.count("s3.head_object")
    assert counts["events"] == calls.count("events.put_events")


def work_off(account: PhotoAccount) -> list[str]:
    """Work off the only message; return the function's calls."""
    message = account.queue.receive(0)
    assert message is not None
    seen = Faults()
    account.handle(message, seen, "owner")
    return seen.calls
