"""Limits of what is decoded, checked by the header before any pixel. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from imaging.heif_parts import Part
from rendition_lambda.reasons import PhotoError, PhotoFailure
from rendition_lambda.render.sizes import Size

_MEGAPIXEL = 1_000_000
MAX_PIXELS = {
    "JPEG": 300 * _MEGAPIXEL,
    "PNG": 300 * _MEGAPIXEL,
    "TIFF": 300 * _MEGAPIXEL,
    "WEBP": 150 * _MEGAPIXEL,
    "AVIF": 60 * _MEGAPIXEL,
    "HEIF": 61 * _MEGAPIXEL,
    "GIF": 60 * _MEGAPIXEL,
    "BMP": 60 * _MEGAPIXEL,
}
"""JPEG, PNG and TIFF are decoded strip by strip; of the others the whole image is in memory:
820 MB for an HEIF of 10 bits from a camera with 60.2 megapixels."""
MAX_SIDE_PX = 65_535
"""The most that a JPEG can have. libvips keeps more than a thousand rows of an image that it makes
this much smaller: 780 MB of a PNG with 16-bit colours and alpha."""
MAX_DEMOSAIC_PIXELS = 105 * _MEGAPIXEL
"""Sensors of 100 megapixels are decoded at half their size."""
MAX_WHOLE_BYTES = 750 * 1024 * 1024
"""Memory for an image of which the decoder keeps every pixel, as of an interlaced PNG."""


def check_size(kind: str, size: Size, min_side_px: int, whole_bytes: int = 0) -> None:
    """Raise `PhotoError` if an image is too small, or has too many pixels for its format.

    `whole_bytes` is how much memory its decoder needs in one piece.
    """
    width, height = size
    detail = f"{width}x{height}"
    if min(size) < min_side_px:
        raise PhotoError(PhotoFailure.TOO_SMALL, detail)
    if width * height > MAX_PIXELS[kind] or max(size) > MAX_SIDE_PX:
        raise PhotoError(PhotoFailure.TOO_MANY_PIXELS, detail)
    if whole_bytes > MAX_WHOLE_BYTES:
        detail = f"{detail}, {whole_bytes >> 20} MB to decode"
        raise PhotoError(PhotoFailure.TOO_MANY_PIXELS, detail)


def check_parts(parts: Sequence[Part]) -> None:
    """Raise `PhotoError` if a part of an HEIF's or AVIF's picture is not wholly in the file."""
    missing = sum(not part.is_whole for part in parts)
    if missing:
        detail = f"{missing} of {len(parts)} tiles are missing" if len(parts) > 1 else "no end"
        raise PhotoError(PhotoFailure.TRUNCATED, detail)
