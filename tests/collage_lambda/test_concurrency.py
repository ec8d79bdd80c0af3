from __future__ import annotations

import pytest

from collage_lambda.concurrency import MB, Concurrency, fitting

WANTED = Concurrency(downloads=64, decoders=4)


@pytest.mark.parametrize(
    ("memory_mb", "downloads", "decoders"),
    [
        (1_769, 64, 4),
        (640, 64, 4),
        (560, 37, 4),
        (512, 13, 4),
        (480, 13, 3),
        (420, 15, 1),
        (256, 4, 1),
    ],
)
def test_downloads_are_given_up_before_decodings(
    memory_mb: int, downloads: int, decoders: int
) -> None:
    found = fitting(WANTED, memory_mb * MB, 20 * MB)
    assert found == Concurrency(downloads=downloads, decoders=decoders)


def test_never_more_than_is_wanted() -> None:
    wanted = Concurrency(downloads=2, decoders=1)
    assert fitting(wanted, 10_240 * MB, 20 * MB) == wanted
