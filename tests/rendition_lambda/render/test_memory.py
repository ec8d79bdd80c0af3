"""How much memory a process takes that renders one large photo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image

from ops_dashboard.local.samples.photos.dng import dng
from ops_dashboard.local.samples.photos.encoders import heic
from tests.bench.measure import part
from tests.fakes.collage.images import encoded, picture

FAST = {"preset": "ultrafast"}


def large(width: int, height: int) -> Image.Image:
    return picture(420, 300).resize((width, height), Image.Resampling.BICUBIC)


def wide_png() -> bytes:
    """Return the widest PNG that is accepted, with as many pixels as it may have."""
    black = pyvips.Image.black(65_535, 4_570, bands=4).cast("ushort")
    return bytes(black.copy(interpretation="rgb16").pngsave_buffer(compression=1, bitdepth=16))


def phone(tile_px: int) -> bytes:
    options = {"quality": 60, "chroma": 420, "tile_size": tile_px, "enc_params": FAST}
    return heic(large(8_064, 6_048), **options)


FILES: dict[str, tuple[str, Callable[[], bytes], int]] = {
    "JPEG of 48 MP": (".jpg", lambda: encoded(large(8_000, 6_000), "JPEG"), 200),
    "panorama of 218 MP": (".jpg", lambda: encoded(large(28_000, 7_800), "JPEG"), 200),
    "HEIC of 48 MP in tiles": (".heic", lambda: phone(512), 400),
    "HEIC of 48 MP in one picture": (".heic", lambda: phone(0), 400),
    "sensor of 60 MP": (".dng", lambda: dng(np.asarray(large(9_504, 6_336))), 850),
    "PNG of 300 MP with 16 bits": (".png", wide_png, 850),
}
"""Suffix, bytes, and the most megabytes."""


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", FILES)
def test_a_large_photo_takes_no_more_memory_than_it_may(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIPS_CONCURRENCY", "1")  # as in the function
    suffix, make, limit_mb = FILES[name]
    path = tmp_path / f"photo{suffix}"
    path.write_bytes(make())
    assert part("tests.bench.photo_part", path, "renditions") <= limit_mb
