from __future__ import annotations

import pytest

from ops_dashboard.planner.bill import Stage
from ops_dashboard.planner.workload import Order
from stream_ingest.contracts.errors import UserError
from tests.fakes.ops.plan_figures import FIGURES, planned


@pytest.mark.parametrize("order", [Order.SORTED, Order.MIXED])
def test_two_million_images_take_half_an_hour_with_50_concurrent_collages(order: Order) -> None:
    """By hand: 60,000 windows of 33 images take 0.72 s of CPU at 512 MB and 0.25 s of network;
    50 at once build them in 60,000 x 0.97 / 50 = 1,164 s."""
    plan = planned(2_000_000, order=order, max_concurrency=50)
    assert plan.timing.seconds <= 1_800
    assert plan.concurrency <= 50
    assert plan.size.memory_mb == 512
    assert plan.timing.bottleneck is Stage.COLLAGE
    assert plan.concurrency * plan.timing.stages[Stage.COLLAGE] == pytest.approx(
        60_000 * plan.size.seconds
    )


def test_a_lower_concurrency_needs_more_memory() -> None:
    plan = planned(2_000_000, max_concurrency=32)
    assert plan.size.memory_mb == 640
    at_once = {each.size.memory_mb: each.concurrency for each in plan.candidates}
    assert at_once[512] is None
    assert at_once[640] == plan.concurrency


def test_the_concurrency_is_the_lowest_that_meets_the_deadline() -> None:
    plan = planned(2_000_000)
    fewer = planned(2_000_000, max_concurrency=plan.concurrency - 1)
    assert fewer.size.memory_mb > plan.size.memory_mb


def test_an_impossible_deadline_is_an_error_with_the_shortest_time_and_the_bottleneck() -> None:
    with pytest.raises(
        UserError, match=r"--deadline 1m 00s: 2,000,000 images take at least"
    ) as raised:
        planned(2_000_000, deadline_s=60)
    assert "the bottleneck is windowing with" in str(raised.value)
    assert "by the table's writes" in str(raised.value)
    with pytest.raises(
        UserError, match=r"2 concurrent collages, 3,538 MB each\); the bottleneck is collage"
    ):
        planned(2_000_000, max_concurrency=2)


def test_the_shortest_time_is_a_possible_deadline() -> None:
    with pytest.raises(UserError) as raised:
        planned(100_000, deadline_s=1)
    shortest = str(raised.value).partition("at least ")[2].partition(" (")[0]
    minutes, _, seconds = shortest.partition("m ")
    planned(100_000, deadline_s=int(minutes) * 60 + int(seconds.rstrip("s")))


def test_the_stream_has_the_lowest_monthly_cost_and_enough_shards() -> None:
    """A month of a shard is 10.95 USD, of a stream on demand 29.20."""
    assert planned(1_000_000).work.stream.shards == 1
    fast = FIGURES.changed({"table_writes_per_s": 1e6, "push_rows_per_s": 50_000})
    assert planned(5_000_000, deadline_s=900, figures=fast).work.stream.shards == 1
    hurried = planned(5_000_000, deadline_s=460, figures=fast)
    assert hurried.work.stream.shards in {0, 2}
    assert hurried.stream_month.on_demand_usd == pytest.approx(29.20)


def test_mixed_rows_are_read_with_more_parallelization_to_save_writes() -> None:
    mixed, together = planned(2_000_000, order=Order.MIXED), planned(2_000_000)
    assert mixed.work.stream.parallelization > together.work.stream.parallelization == 1
