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
    ("order", "images", "creators", "files", "full", "partial"),
    [
        (Order.MIXED, 2_000_000, 20_000, 1, 40_000, 20_000),
        (Order.SORTED, 2_000_000, 20_000, 40, 40_000, 20_000),
        (Order.MIXED, 2_000_000, 20_000, 40, 0, 40 * 20_000),
        (Order.DRIP, 1_000, 20, 2, 0, 2 * 20),  # 25 images of each in each file
        (Order.SORTED, 71, 1, 2, 2, 1),  # 36 and 35 rows
        (Order.MIXED, 5, 5, 5, 0, 5),
    ],
)
def test_each_file_closes_its_windows(  # noqa: PLR0913, PLR0917 - a row of the table
    order: Order, images: int, creators: int, files: int, full: int, partial: int
) -> None:
    """A creator whose rows are in many files has a window in each that is not full."""
    job = job_of(images, creators, order, files=files, copies=True, originals=True)
    assert (job.full_windows, job.partial_windows) == (full, partial)


@pytest.mark.parametrize("files", [-1, 11])
def test_a_file_has_an_image(files: int) -> None:
    with pytest.raises(UserError, match=f"--files {files}: expected 1 to 10"):
        job_of(10, None, Order.MIXED, files=files, copies=True, originals=True)


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
