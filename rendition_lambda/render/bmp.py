"""BMP by Pillow: libvips has no decoder of its own for it. Edge (files)."""

from __future__ import annotations

import struct
from pathlib import Path

import pyvips
from PIL import BmpImagePlugin, Image

from rendition_lambda.reasons import PhotoError, PhotoFailure
from rendition_lambda.render.limits import check_size
from rendition_lambda.render.picture import Picture

_HOSTILE = (OSError, SyntaxError, ValueError, LookupError, TypeError, ArithmeticError, struct.error)


def open_bmp(source: Path, min_side_px: int) -> Picture:
    """Return the picture of a BMP; raises `PhotoError`."""
    try:
        with source.open("rb") as file, BmpImagePlugin.BmpImageFile(file) as image:
            check_size("BMP", image.size, min_side_px)
            pixels = image.convert("RGBA" if image.mode == "RGBA" else "RGB")
    except _HOSTILE as error:
        raise PhotoError(_reason(error), f"{type(error).__name__}: {error}"[:120]) from error
    return Picture(image=as_vips(pixels), original=pixels.size, full=pixels.size)


def as_vips(image: Image.Image) -> pyvips.Image:
    """Return an RGB, RGBA or grey image of Pillow as one of libvips."""
    bands = len(image.getbands())
    vips = pyvips.Image.new_from_memory(image.tobytes(), *image.size, bands, "uchar")
    return vips.copy(interpretation="b-w" if bands < 3 else "srgb")  # noqa: PLR2004 - colours


def _reason(error: Exception) -> PhotoFailure:
    is_cut = "truncated" in str(error) or isinstance(error, EOFError)
    return PhotoFailure.TRUNCATED if is_cut else PhotoFailure.CORRUPT
