"""Covers to measure with: 35 JPEGs from 540 to 1,080 px wide, about 150 KB each. Edge: reads files.

Cut from the photographs in scikit-image's wheel, in the sizes that TikTok serves.
"""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path

from PIL import Image, ImageOps

from ops_dashboard.local.samples.cover_art import PHOTOGRAPHS

COUNT = 35
SIZES_PX = ((540, 960), (576, 1024), (720, 1280), (1080, 1920))
_MAX_BYTES = 180_000
_QUALITIES = range(96, 30, -3)


def covers(count: int = COUNT) -> list[bytes]:
    """Return JPEGs, the same every time."""
    spec = importlib.util.find_spec("skimage")
    assert spec is not None, "scikit-image is in the demo group"
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "data"
    return [_cover(folder, number) for number in range(count)]


def _cover(folder: Path, number: int) -> bytes:
    with Image.open(folder / PHOTOGRAPHS[number % len(PHOTOGRAPHS)]) as photograph:
        picture = photograph.convert("RGB")
    if number // len(PHOTOGRAPHS) % 2:
        picture = ImageOps.mirror(picture)
    picture = ImageOps.fit(
        picture, SIZES_PX[number % len(SIZES_PX)], Image.Resampling.LANCZOS,
        centering=(0.3 + number % 5 / 10, 0.5),
    )  # fmt: skip
    sizes = (_encoded(picture, quality) for quality in _QUALITIES)
    return next(data for data in sizes if len(data) < _MAX_BYTES)


def _encoded(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
