"""Load what is there of a picture whose file ends too early. Pure (Pillow).

Browsers show such a picture as far as it goes. A cell is worth showing if hardly any of its rows
are missing; what lies below the square that it shows does not matter. A progressive JPEG whose
first scan is whole has every pixel, less sharp.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable

from PIL import Image, ImageChops, ImageFile

from collage_lambda.image import jpeg

MAX_MISSING = 0.1
"""Largest share of the square's rows that may be missing at its bottom."""
FORMATS = frozenset({"JPEG", "GIF", "PNG"})
"""Formats that are decoded from top to bottom; others give nothing if they are not whole."""
_EMPTY = (255, 0)
"""What is decoded over, twice: a row that differs afterwards was not decoded."""

Prepare = Callable[[ImageFile.ImageFile], None]
"""Sets up the decoding of an opened image, such as a scale."""


def load_partial(data: bytes, kind: str, prepare: Prepare) -> ImageFile.ImageFile | None:
    """Return the picture of a truncated file, white where it ends; None if too much is missing."""
    if kind == "JPEG" and jpeg.is_progressive(data):
        return _load_scans(data, prepare)
    shown, other = (_load_over(data, kind, prepare, empty) for empty in _EMPTY)
    differing = ImageChops.difference(shown.convert("RGB"), other.convert("RGB")).getbbox()
    first_missing = differing[1] if differing else shown.height
    side = min(shown.size)
    bottom = (shown.height + side) / 2
    return shown if first_missing >= bottom - MAX_MISSING * side else None


def _load_scans(data: bytes, prepare: Prepare) -> ImageFile.ImageFile | None:
    """Return a progressive JPEG as sharp as its scans make it, if the first of them is whole."""
    if jpeg.scans(data) < 2:  # noqa: PLR2004 - the second begins after the end of the first
        return None
    image = Image.open(io.BytesIO(data + jpeg.END_OF_IMAGE), formats=("JPEG",))
    prepare(image)
    image.load()
    return image


def _load_over(data: bytes, kind: str, prepare: Prepare, empty: int) -> ImageFile.ImageFile:
    """Return an image decoded as far as it goes over a canvas of the value `empty`."""
    image = Image.open(io.BytesIO(data), formats=(kind,))
    prepare(image)
    bands = len(image.getbands())
    canvas = Image.new(image.mode, image.size, (empty,) * bands if bands > 1 else empty)
    image.im = canvas.im
    with contextlib.suppress(OSError):
        image.load()
    image.tile = []  # what is missing stays missing
    return image
