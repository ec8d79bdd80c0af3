from __future__ import annotations

import pytest

from collage_lambda.concurrency import MB, Concurrency, fit_to_memory

WANTED = Concurrency(downloads=64, decoders=4)


@pytest.mark.parametrize(
    ("memory_mb", "downloads", "decoders"),
    [
        (1_769, 64, 4),
        (640, 64, 4),
        (560, 27, 4),
        (512, 19, 3),
        (480, 19, 2),
        (420, 5, 1),
        (256, 4, 1),
    ],
)
def test_downloads_are_reduced_before_decodings(
    memory_mb: int, downloads: int, decoders: int
) -> None:
    found = fit_to_memory(WANTED, memory_mb * MB, 20 * MB)
    assert found == Concurrency(downloads=downloads, decoders=decoders)


def test_concurrency_never_exceeds_the_settings() -> None:
    wanted = Concurrency(downloads=2, decoders=1)
    assert fit_to_memory(wanted, 10_240 * MB, 20 * MB) == wanted
