from __future__ import annotations

import math

import pytest

from ops_dashboard.planner import windowing_work
from ops_dashboard.planner.windowing_work import Stream, records, windowing
from ops_dashboard.planner.workload import Job, Order
from stream_ingest.push import push
from stream_ingest.windowing import wiring
from tests.fakes.ops.plan_figures import FIGURES

JOB = Job(images=2_000_000, creators=20_000)
ONE = Stream(shards=1, parallelization=1, batching_window_s=1)
WIDE = Stream(shards=1, parallelization=10, batching_window_s=15)


def job(order: Order) -> Job:
    return Job(images=JOB.images, creators=JOB.creators, order=order)


def test_what_it_says_of_the_code_is_so() -> None:
    assert windowing_work.CHUNK_ROWS == push.CHUNK_ROWS
    assert windowing_work.THREADS == wiring._THREADS  # noqa: SLF001 - no reason to share it


def test_records_are_two_for_each_bucket_of_a_chunk() -> None:
    assert records(JOB, FIGURES) == pytest.approx(40 * 128 * 2)


def test_a_delivery_by_hand() -> None:
    """A second brings 13,000 rows: of 130 creators who have 260 full windows."""
    work = windowing(job(Order.SORTED), FIGURES, ONE)
    assert work.rows_a_delivery == 13_000
    cpu_s = 13_000 / 100_000 * 1_769 / 1_024
    calls = 2 + (130 + 260) / 16 + 260 / 10
    assert work.delivery_s == pytest.approx(cpu_s + calls * 0.012)
    assert work.creator_deliveries == pytest.approx(20_000)


def test_mixed_rows_are_written_less_often_where_deliveries_are_of_fewer_creators() -> None:
    one = windowing(job(Order.MIXED), FIGURES, ONE)
    wide = windowing(job(Order.MIXED), FIGURES, WIDE)
    assert one.creator_deliveries > 5 * wide.creator_deliveries
    in_one = 2_000 * (1 - math.exp(-wide.rows_a_delivery / 2_000))
    assert wide.creator_deliveries == pytest.approx(wide.deliveries * in_one)


def test_rows_that_drip_are_written_one_by_one() -> None:
    assert windowing(job(Order.DRIP), FIGURES, ONE).creator_deliveries == pytest.approx(2_000_000)


def test_every_creator_is_written_once_at_least() -> None:
    few = Job(images=300, creators=20)
    assert windowing(few, FIGURES, WIDE).creator_deliveries >= 20
    assert windowing(few, FIGURES, WIDE).rows_a_delivery <= 30


def test_a_new_table_is_what_holds_windowing_up() -> None:
    work = windowing(job(Order.MIXED), FIGURES, WIDE)
    assert work.limit == "the table's writes"
    warm = FIGURES.changed({"table_writes_per_s": 40_000})
    assert windowing(job(Order.MIXED), warm, WIDE).seconds == pytest.approx(2_000_000 / 13_000)


def test_a_delivery_that_takes_long_finds_more_rows_behind_it_up_to_a_batch() -> None:
    slow = FIGURES.changed({"aws_call_ms": 60})
    work = windowing(job(Order.MIXED), slow, ONE)
    assert work.rows_a_delivery == pytest.approx(100 * 2_000_000 / (40 * 256))
    assert work.limit == "its invocations"
