"""Photos for the tests of `rendition_lambda`, made by Pillow, and how far colours are apart."""

from __future__ import annotations

import io
import struct
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab

from imaging.profile import matrix_profile
from rendition_lambda.recipe import RENDITIONS, Recipe
from rendition_lambda.render.child import render_here
from rendition_lambda.render.messages import Job
from rendition_lambda.render.rendered import Rendered

PATCHES = (
    (255, 255, 255), (0, 0, 0), (128, 128, 128), (200, 60, 50), (60, 160, 70), (50, 70, 180),
    (230, 200, 40), (180, 80, 150), (60, 150, 170), (235, 200, 175), (90, 60, 45), (30, 60, 30),
)  # fmt: skip
"""Colours of sRGB that are inside of every space tested."""
SIDE_PX = 60


def patches(colours: tuple[tuple[int, ...], ...] = PATCHES, mode: str = "RGB") -> Image.Image:
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


def farthest(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the largest difference of two rows of sRGB colours by CIEDE2000."""
    return float(deltaE_ciede2000(rgb2lab(one / 255), rgb2lab(other / 255)).max())


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


@cache
def adobe_rgb() -> bytes:
    """Return a profile of Adobe RGB (1998): its primaries and a gamma of 563/256."""
    return matrix_profile(
        (0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06), lambda value: value ** (563 / 256)
    )


def heic(image: Image.Image, exif: bytes = b"", **options: Any) -> bytes:  # noqa: ANN401 - whatever the encoder takes
    """Return a HEIC; an orientation in `exif` becomes properties of its container."""
    file = pillow_heif.from_pillow(image)
    if exif:
        file.info["exif"] = exif
    buffer = io.BytesIO()
    file.save(buffer, quality=95, chroma=444, **options)
    return buffer.getvalue()


def oriented(orientation: int) -> bytes:
    """Return an EXIF block with an orientation."""
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)


def of_primaries(
    colours: tuple[tuple[int, ...], ...], chromaticities: tuple[float, ...], gamma: float = 0
) -> tuple[tuple[int, ...], ...]:
    """Return sRGB colours by the primaries of another space with white D65, by the textbook.

    `gamma` is that of the space; 0 means sRGB's curve.
    """
    value = np.array(colours) / 255
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    there = light @ (np.linalg.inv(_to_xyz(chromaticities)) @ _to_xyz(_SRGB)).T
    inside = there.clip(0, 1)
    curve = np.where(inside <= 0.0031308, inside * 12.92, 1.055 * inside ** (1 / 2.4) - 0.055)
    coded = inside ** (1 / gamma) if gamma else curve
    return tuple(tuple(round(float(part) * 255) for part in row) for row in coded)


_SRGB = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
P3 = (0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
ADOBE = (0.64, 0.33, 0.21, 0.71, 0.15, 0.06)


def _to_xyz(chromaticities: tuple[float, ...]) -> NDArray[np.float64]:
    xs, ys = np.array(chromaticities[0::2]), np.array(chromaticities[1::2])
    columns = np.array([xs / ys, np.ones(3), (1 - xs - ys) / ys])
    white = np.array([0.3127 / 0.329, 1.0, (1 - 0.3127 - 0.329) / 0.329])
    return columns * np.linalg.solve(columns, white)
