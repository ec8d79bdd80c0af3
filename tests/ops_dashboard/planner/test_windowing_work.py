from __future__ import annotations

import math

import msgspec
import pytest
from setting_groups.compute import ComputeSettings

from ops_dashboard.planner.windowing_work import (
    CHUNK_ROWS,
    MEMORY_MB,
    RECORDS_PER_DELIVERY,
    THREADS,
    Stream,
    records,
    windowing_work,
)
from ops_dashboard.planner.workload import Job, Order
from stream_ingest.push import push
from stream_ingest.windowing import wiring
from tests.fakes.ops.plan_figures import FIGURES

JOB = Job(images=2_000_000, creators=20_000)
ONE = Stream(shards=1, parallelization=1, batching_window_s=1)
WIDE = Stream(shards=1, parallelization=10, batching_window_s=15)


def job(order: Order) -> Job:
    return Job(images=JOB.images, creators=JOB.creators, order=order)


def test_the_constants_are_those_of_the_code() -> None:
    assert CHUNK_ROWS == push.CHUNK_ROWS
    assert THREADS == wiring.THREADS
    defaults = ComputeSettings()
    assert defaults.windowing_batch_size == RECORDS_PER_DELIVERY
    assert defaults.windowing_memory_mb == MEMORY_MB


def test_records_are_two_for_each_bucket_of_a_chunk() -> None:
    assert records(JOB, FIGURES) == pytest.approx(40 * 128 * 2)


def test_a_delivery_matches_a_calculation_by_hand() -> None:
    """A second brings 13,000 rows: of 130 creators who have 260 full windows."""
    work = windowing_work(job(Order.SORTED), FIGURES, ONE)
    assert work.rows_per_delivery == 13_000
    cpu_s = 13_000 / 100_000 * 1_769 / 1_024
    calls = 2 + (130 + 2 * 260) / 24 + 260 / 10
    assert work.delivery_s == pytest.approx(cpu_s + calls * 0.012)
    assert work.creator_deliveries == pytest.approx(20_000)


def test_mixed_rows_cause_fewer_writes_if_deliveries_have_fewer_creators() -> None:
    one = windowing_work(job(Order.MIXED), FIGURES, ONE)
    wide = windowing_work(job(Order.MIXED), FIGURES, WIDE)
    assert one.creator_deliveries > 2.5 * wide.creator_deliveries
    in_one = 2_000 * (1 - math.exp(-wide.rows_per_delivery / 2_000))
    assert wide.creator_deliveries == pytest.approx(wide.deliveries * in_one)


def test_dripping_rows_are_written_one_at_a_time() -> None:
    assert windowing_work(job(Order.DRIP), FIGURES, ONE).creator_deliveries == pytest.approx(
        2_000_000
    )


def test_every_creator_is_written_at_least_once() -> None:
    few = Job(images=300, creators=20)
    assert windowing_work(few, FIGURES, WIDE).creator_deliveries >= 20
    assert windowing_work(few, FIGURES, WIDE).rows_per_delivery <= 30


def test_a_new_table_is_the_bottleneck_of_windowing() -> None:
    work = windowing_work(job(Order.MIXED), FIGURES, WIDE)
    assert work.limit == "the table's writes"
    warm = FIGURES.changed({"table_writes_per_s": 40_000})
    assert windowing_work(job(Order.MIXED), warm, WIDE).seconds == pytest.approx(2_000_000 / 13_000)


def test_a_slow_delivery_is_followed_by_a_larger_one_up_to_the_payload() -> None:
    """195 rows of 71.4 bytes are a record, in base64 and with its envelope 19,250 bytes of 6 MB."""
    slow = FIGURES.changed({"aws_call_ms": 60})
    work = windowing_work(job(Order.MIXED), slow, ONE)
    rows = 2_000_000 / (40 * 256)
    record_bytes = rows * 1_000_000 / 14_000 * 4 / 3 + 650
    assert work.rows_per_delivery == pytest.approx((6 << 20) / record_bytes * rows)
    assert work.limit == "its invocations"


def test_a_delivery_of_small_records_is_a_batch() -> None:
    """Each of 1,000 files has 2,000 rows, and in each bucket a record of 15 rows and a mark."""
    slow = FIGURES.changed({"aws_call_ms": 600})
    small = msgspec.structs.replace(job(Order.MIXED), files=1_000)
    work = windowing_work(small, slow, ONE)
    assert work.rows_per_delivery == pytest.approx(400 * 2_000 / (128 + 128))
