"""Estimate from an image's header the memory that decoding it takes. Pure (Pillow).

Peak bytes per pixel were measured with Pillow 13 on 16-megapixel files (2026-11) and rounded up.
"""

from __future__ import annotations

from PIL import ImageFile, JpegImagePlugin

_BY_FORMAT = {"WEBP": 20, "AVIF": 16, "HEIF": 10}
"""WebP has two canvases and a copy of its own besides Pillow's; AVIF and HEIF have their planes and
RGB twice."""
_BY_MODE = {"1": 2, "L": 1, "I;16": 2, "I;16B": 2, "RGB": 4, "RGBX": 4, "CMYK": 4, "I": 4, "F": 4}
_OTHER_MODES = 8
"""Alpha and palettes need a second copy before they can be scaled."""
_TIFF_STRIP = 4
"""A TIFF may be one single strip, which is decompressed as a whole besides the image."""
_COEFFICIENT_BYTES = 2


def decoding_bytes(image: ImageFile.ImageFile, kind: str, scale: int) -> int:
    """Return the peak bytes for decoding `image` at 1/`scale` of its size."""
    pixels = image.width * image.height
    per_pixel = _BY_MODE.get(image.mode, _OTHER_MODES)
    if kind == "JPEG":
        return pixels * per_pixel // scale**2 + _coefficient_bytes(image)
    if kind == "TIFF":
        per_pixel += _TIFF_STRIP
    return pixels * _BY_FORMAT.get(kind, per_pixel)


def _coefficient_bytes(image: ImageFile.ImageFile) -> int:
    """Return the bytes of a progressive JPEG's coefficients, all held in memory at any scale."""
    if not isinstance(image, JpegImagePlugin.JpegImageFile) or "progressive" not in image.info:
        return 0
    factors = [(horizontal, vertical) for _, horizontal, vertical, _ in image.layer]
    widest = max((horizontal for horizontal, _ in factors), default=1) or 1
    tallest = max((vertical for _, vertical in factors), default=1) or 1
    samples = sum(horizontal * vertical for horizontal, vertical in factors)
    pixels = image.width * image.height
    return pixels * samples * _COEFFICIENT_BYTES // (widest * tallest)
