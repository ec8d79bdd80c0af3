"""Pixels of outputs before they are encoded, and how near they are to others."""

from __future__ import annotations

import tempfile
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pyvips
from numpy.typing import NDArray

from rendition_lambda.recipe import Output, Recipe
from rendition_lambda.render import outputs
from rendition_lambda.render.decode import open_preview
from rendition_lambda.render.outputs import largest
from rendition_lambda.render.picture import Picture
from rendition_lambda.render.rendered import RenderedOutput

Pixels = NDArray[np.uint8]


def unencoded(jpeg: bytes, recipe: Recipe) -> dict[str, Pixels]:
    """Return the pixels of each output of a JPEG by name."""
    found: dict[str, Pixels] = {}
    write = outputs._write  # noqa: SLF001 - it gets the pixels before they are encoded

    def recorded(
        pixels: pyvips.Image, picture: Picture, output: Output, folder: Path
    ) -> RenderedOutput:
        found[output.name] = pixels.numpy()
        return write(pixels, picture, output, folder)

    with tempfile.TemporaryDirectory() as folder, patch.object(outputs, "_write", recorded):
        picture = open_preview(jpeg, recipe.min_side_px, lambda size: largest(size, recipe))
        outputs.write_outputs(picture, recipe, Path(folder))
    return found


def psnr(one: Pixels, other: Pixels) -> float:
    """Return the peak signal-to-noise ratio of two images in dB."""
    error = ((one.astype(np.float32) - other.astype(np.float32)) ** 2).mean()
    return float(10 * np.log10(255**2 / max(float(error), 1e-9)))
