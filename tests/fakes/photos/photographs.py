"""Large photographs, made of those in scikit-image's wheel. Edge: reads files."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from PIL import Image

_NAMES = ("astronaut.png", "coffee.png", "chelsea.png")
_TILE_PX = 800


def photograph(width: int, height: int) -> Image.Image:
    """Return tiles of photographs in every turn, the same every time."""
    image = Image.new("RGB", (width, height))
    number = 0
    for top in range(0, height, _TILE_PX):
        for left in range(0, width, _TILE_PX):
            image.paste(_tile(_NAMES[number % 3], number % 4), (left, top))
            number += 1
    return image


@cache
def _tile(name: str, quarter_turns: int) -> Image.Image:
    spec = importlib.util.find_spec("skimage")
    assert spec is not None, "scikit-image is in the demo group"
    assert spec.origin is not None
    with Image.open(Path(spec.origin).parent / "data" / name) as photo:
        tile = photo.convert("RGB").resize((_TILE_PX, _TILE_PX), Image.Resampling.LANCZOS)
    return tile.rotate(90 * quarter_turns)
