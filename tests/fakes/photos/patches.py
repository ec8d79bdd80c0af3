"""Photos for the tests of `rendition_lambda`, made by Pillow."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ops_dashboard.local.samples.photos.chart import COLOURS
from ops_dashboard.local.samples.photos.colours import Chromaticities, in_primaries
from rendition_lambda.recipe import RENDITIONS, Recipe
from rendition_lambda.render.child import render_here
from rendition_lambda.render.messages import Job
from rendition_lambda.render.rendered import Rendered

SIDE_PX = 60


def patches(colours: tuple[tuple[int, ...], ...] = COLOURS, mode: str = "RGB") -> Image.Image:
    """Return a row of squares, one for each colour."""
    image = Image.new(mode, (SIDE_PX * len(colours), SIDE_PX))
    for number, colour in enumerate(colours):
        image.paste(colour, (number * SIDE_PX, 0, (number + 1) * SIDE_PX, SIDE_PX))
    return image


def shown(image: Image.Image) -> NDArray[np.float64]:
    """Return the colour in the middle of each square, 0 to 255."""
    pixels = np.asarray(image.convert("RGB"), dtype=np.float64)
    side = image.height
    centres = range(side // 2, image.width, side)
    return np.array(
        [pixels[side // 2 - 5 : side // 2 + 5, x - 5 : x + 5].mean(axis=(0, 1)) for x in centres]
    )


def render(
    data: bytes, folder: Path, suffix: str = ".jpg", recipe: Recipe = RENDITIONS
) -> Rendered:
    """Render a file in this process."""
    source = folder / f"source{suffix}"
    source.write_bytes(data)
    return render_here(Job(source=str(source), folder=str(folder), recipe=recipe, cpu_s=60))


def output(rendered: Rendered, name: str) -> Image.Image:
    """Return an output's pixels."""
    (path,) = (each.path for each in rendered.outputs if each.name == name)
    with Image.open(path) as image:
        image.load()
        return image


def oriented(orientation: int) -> bytes:
    """Return an EXIF block with an orientation."""
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)


def of_primaries(
    these: tuple[tuple[int, ...], ...], chromaticities: Chromaticities, gamma: float = 0
) -> tuple[tuple[int, ...], ...]:
    """Return sRGB colours in another space."""
    pixels = np.array([these], dtype=np.uint8)
    made: list[list[int]] = in_primaries(pixels, chromaticities, gamma)[0].tolist()
    return tuple(map(tuple, made))
