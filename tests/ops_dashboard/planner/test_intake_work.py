"""What a plan assumes of the intake is what the code does."""

from __future__ import annotations

import pytest
from setting_groups.compute import ComputeSettings

from ops_dashboard.planner import intake_work as planned_work
from ops_dashboard.planner.intake_work import entrance_rows_per_s, intake_work
from ops_dashboard.planner.workload import Job, Order
from stream_ingest.intake.handler import PAUSE_SHARE
from stream_ingest.intake.objects import BLOCK_BYTES
from stream_ingest.push.push import CHUNK_ROWS
from tests.fakes.ops.plan_figures import FIGURES


def job(images: int, files: int) -> Job:
    return Job(images=images, creators=1, order=Order.SORTED, files=files)


def test_a_plan_has_the_constants_of_the_code() -> None:
    assert pytest.approx(1 - PAUSE_SHARE) == planned_work.READING_SHARE
    assert (planned_work.CHUNK_ROWS, planned_work.BLOCK_BYTES) == (CHUNK_ROWS, BLOCK_BYTES)
    defaults = ComputeSettings()
    assert defaults.intake_memory_mb == planned_work.MEMORY_MB
    assert defaults.intake_timeout_s == planned_work.TIMEOUT_S


def test_a_large_file_takes_as_many_invocations_as_its_rows_take_time() -> None:
    """An invocation reads for 210 s, so 5,670,000 rows."""
    assert intake_work(job(5_670_000, 1), FIGURES).invocations == 1
    work = intake_work(job(5_670_001, 1), FIGURES)
    assert (work.invocations, work.messages) == (2, 6)


def test_files_are_read_at_once_as_fast_as_a_push() -> None:
    slow = FIGURES.changed({"intake_rows_per_cpu_s": 1_000})
    assert intake_work(job(2_000_000, 100), slow).at_once == 13
    assert entrance_rows_per_s(job(2_000_000, 100), slow) == 13_000
    assert entrance_rows_per_s(job(2_000_000, 1), slow) == 1_000  # one file is read by one function
    assert intake_work(job(2_000_000, 100), FIGURES).at_once == 2
    assert entrance_rows_per_s(Job(images=1, creators=1), slow) == 13_000
