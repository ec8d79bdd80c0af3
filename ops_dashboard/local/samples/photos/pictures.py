"""Sample pictures: a photograph with a chart of colours in its middle. Edge (disk)."""

from __future__ import annotations

from PIL import Image, ImageOps

from ops_dashboard.local.samples.cover_art import PHOTOGRAPHS, photograph_folder
from ops_dashboard.local.samples.photos.chart import COLOURS, patch_boxes


def draw_picture(number: int, size: tuple[int, int]) -> Image.Image:
    """Return a picture in RGB; `number` chooses the photograph."""
    with Image.open(photograph_folder() / PHOTOGRAPHS[number % len(PHOTOGRAPHS)]) as photograph:
        picture = ImageOps.fit(photograph.convert("RGB"), size, Image.Resampling.BICUBIC)
    for colour, box in zip(COLOURS, patch_boxes(size), strict=True):
        picture.paste(colour, box)
    return picture
