"""What a job would do and cost, in words and figures."""

from __future__ import annotations

import pytest

from ops_dashboard.monitoring.prices import LIST
from ops_dashboard.photos.jobs.estimate import estimate
from ops_dashboard.photos.jobs.needs import Need
from ops_dashboard.photos.jobs.report import MEANINGS, cost_lines, report_of
from ops_dashboard.planner.photos import DEFAULT_MB, plan_photos, upload_items
from ops_dashboard.printing.tables import duration_text
from tests.fakes.ops.plan_figures import FIGURES


def test_a_thousand_photos_cost_what_the_plan_says_without_their_uploads() -> None:
    costs = estimate({("renditions", Need.RENDER): 1_000}, FIGURES)
    plan, *_ = plan_photos(1_000, DEFAULT_MB, FIGURES, LIST)
    uploads = sum(1_000 * item.usd for item in upload_items(DEFAULT_MB, LIST))

    assert costs.usd == pytest.approx(plan.usd - uploads, abs=0.001)  # requests instead of events
    assert costs.hours(4) == pytest.approx(750 / 4 / 3_600)


def test_what_is_left_costs_nothing_and_what_is_not_rendered_little() -> None:
    left = estimate({("renditions", Need.DONE): 1_000, ("augmentation", Need.HOPELESS): 5}, FIGURES)
    removed = estimate({("renditions", Need.REMOVE): 1_000}, FIGURES)

    assert (left.usd, left.function_s) == (0.0, 0.0)
    assert removed.usd < estimate({("renditions", Need.RENDER): 1_000}, FIGURES).usd / 2


def test_every_need_has_words() -> None:
    assert set(MEANINGS) == set(Need)


def test_a_report_counts_by_need() -> None:
    counts = {("renditions", Need.RENDER): 2, ("augmentation", Need.RENDER): 1, ("x", Need.DONE): 7}
    report = report_of(counts, estimate(counts, FIGURES), 4)

    assert (report.to_send, report.needs) == (3, {"render": 3, "done": 7})


def test_small_costs_are_not_nothing() -> None:
    (first, _) = cost_lines(estimate({("renditions", Need.RENDER): 3}, FIGURES), 4)
    assert "less than 0.01 USD" in first
    (first, second) = cost_lines(estimate({("renditions", Need.RENDER): 100_000}, FIGURES), 4)
    assert "about 5." in first
    assert "5.2 h, 4 at once" in second


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "1 s"), (40, "40 s"), (720, "12 min"), (12_600, "3.5 h")]
)
def test_a_duration_is_written_as_people_say_it(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
