from __future__ import annotations

import msgspec
import pytest

from collage_lambda.concurrency import MB, Concurrency, fit_to_memory
from collage_lambda.download.limits import FetchLimits
from ops_dashboard.monitoring.prices import LIST
from ops_dashboard.planner.collage_work import SIZES_MB, originals_puts, sizes
from ops_dashboard.planner.measured import Figures
from ops_dashboard.planner.workload import WINDOW_IMAGES, Job
from stream_ingest.contracts.errors import UserError
from tests.fakes.ops.plan_figures import FIGURES

FULL = Job(images=3_500, creators=100)
NETWORK_S = (0.6 - 0.08 - 0.17) * 0.4 + 0.08 + 0.17 / 5
"""Two fifths of it beside no other window, the upload of originals beside nothing, and a fifth of
the time in which five windows are published at once."""


def by_memory(figures: Figures = FIGURES) -> dict[int, float]:
    return {size.memory_mb: size.seconds for size in sizes(FULL, figures, LIST)}


def test_the_smallest_size_downloads_all_covers_at_once() -> None:
    wanted = Concurrency(downloads=64, decoders=2)
    runs = fit_to_memory(wanted, SIZES_MB[0] * MB, FetchLimits().max_bytes)
    assert runs.downloads >= WINDOW_IMAGES


def test_cpu_time_shrinks_with_memory_and_network_time_does_not() -> None:
    found = by_memory()
    assert found[1_769] == pytest.approx(35 / 160 + NETWORK_S)
    assert found[512] == pytest.approx(35 / 160 * 1_769 / 512 + NETWORK_S)
    assert found[3_538] == pytest.approx(35 / 160 * (0.3 + 0.7 / 2) + NETWORK_S)


def test_network_time_is_paid_once_for_what_overlaps() -> None:
    alone = by_memory(FIGURES.changed({"collage_overlap": 0}))
    whole = by_memory(FIGURES.changed({"collage_overlap": 2}))
    assert alone[1_769] == pytest.approx(35 / 160 + 0.6 - 0.17 * 4 / 5)
    assert whole[1_769] == pytest.approx(35 / 160 + 0.08 + 0.17 / 5), "in the end, all at once"


def test_without_originals_no_pack_is_uploaded() -> None:
    job = msgspec.structs.replace(FULL, originals=False)
    (smallest, *_) = sizes(job, FIGURES, LIST)
    assert smallest.network_s == pytest.approx((0.6 - 0.08) * 0.4)


@pytest.mark.parametrize(
    ("cover_bytes", "objects"), [(150_000, 1), (300_000, 1), (500_000, 3), (2_000_000, 5)]
)
def test_windows_whose_originals_do_not_fit_into_a_pack_have_an_object_each(
    cover_bytes: int, objects: int
) -> None:
    """Of five windows of 35: 64 MB have 12, 6, 3 and none, which is the same as one."""
    figures = FIGURES.changed({"cover_bytes": cover_bytes})
    assert originals_puts(FULL, figures) == pytest.approx(objects / 5)


def test_less_memory_is_cheaper() -> None:
    usd = [size.usd_per_million_images for size in sizes(FULL, FIGURES, LIST)]
    assert usd == sorted(usd)
    assert usd[0] == pytest.approx(
        (35 / 160 * 1_769 / 512 + NETWORK_S) / 2 * 1e6 / 35 * 0.0000133334
    )


def test_every_size_fits_the_process() -> None:
    assert min(by_memory(FIGURES.changed({"collage_peak_mb": 700}))) == 1_024
    with pytest.raises(UserError, match="collage_peak_mb"):
        sizes(FULL, FIGURES.changed({"collage_peak_mb": 4_000}), LIST)
