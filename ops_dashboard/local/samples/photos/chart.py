"""The chart of colours in the middle of every sample picture. Pure.

The chart's colours are in a known order, so it shows how a picture is turned and mirrored as well
as whether its colours are right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

COLOURS = (
    (255, 255, 255), (0, 0, 0), (128, 128, 128), (200, 60, 50), (60, 160, 70), (50, 70, 180),
    (230, 200, 40), (180, 80, 150), (60, 150, 170), (235, 200, 175), (90, 60, 45), (30, 60, 30),
)  # fmt: skip
"""Colours of sRGB that are inside of every space of the samples, row by row."""
COLUMNS, ROWS = 4, 3
_LEFT, _TOP, _RIGHT, _BOTTOM = 0.25, 0.25, 0.75, 0.75
"""The chart, of the picture's sides."""
_INSIDE = 0.3
"""How much of a patch's sides is not looked at: JPEG blurs neighbours."""

Box = tuple[int, int, int, int]


def patch_boxes(size: tuple[int, int]) -> list[Box]:
    """Return left, top, right and bottom of each colour in a picture of a size."""
    width, height = size
    xs = [round(width * (_LEFT + (_RIGHT - _LEFT) * n / COLUMNS)) for n in range(COLUMNS + 1)]
    ys = [round(height * (_TOP + (_BOTTOM - _TOP) * n / ROWS)) for n in range(ROWS + 1)]
    return [
        (xs[column], ys[row], xs[column + 1], ys[row + 1])
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]


def shown_colours(picture: Image.Image) -> NDArray[np.float64]:
    """Return the mean colour in the middle of each patch of an upright picture, 0 to 255."""
    means = []
    for left, top, right, bottom in patch_boxes(picture.size):
        x, y = int((right - left) * _INSIDE), int((bottom - top) * _INSIDE)
        patch = picture.crop((left + x, top + y, right - x, bottom - y)).convert("RGB")
        means.append(np.asarray(patch, dtype=np.float64).mean(axis=(0, 1)))
    return np.array(means)
