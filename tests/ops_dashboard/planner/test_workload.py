from __future__ import annotations

import pytest

from ops_dashboard.planner.workload import Order, job_of
from stream_ingest.contracts.errors import UserError


@pytest.mark.parametrize(
    ("images", "creators", "full", "partial"),
    [
        (2_000_000, None, 40_000, 20_000),
        (350, 10, 10, 0),
        (355, 10, 10, 5),  # five creators have 36
        (349, 10, 9, 1),
        (1, None, 0, 1),
        (70, 1, 2, 0),
    ],
)
def test_windows_are_counted_by_creator(
    images: int, creators: int | None, full: int, partial: int
) -> None:
    job = job_of(images, creators, Order.MIXED, copies=True, originals=True)
    assert (job.full_windows, job.partial_windows) == (full, partial)
    assert job.windows * job.window_images == pytest.approx(images)


@pytest.mark.parametrize(
    ("images", "creators", "message"),
    [
        (0, None, "--images 0: nothing"),
        (-5, 1, "--images -5"),
        (10, 0, "--creators 0: expected 1 to 10"),
        (10, 11, "--creators 11"),
    ],
)
def test_an_invalid_job_is_an_error(images: int, creators: int | None, message: str) -> None:
    with pytest.raises(UserError, match=message):
        job_of(images, creators, Order.MIXED, copies=True, originals=True)
