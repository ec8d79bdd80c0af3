"""A photo whose header was read and whose pixels are decoded when they are needed. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import pyvips

from rendition_lambda.render.rendered import PixelSource
from rendition_lambda.render.sizes import Size


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One photo; `image` may be smaller than the original, and lies as it is in the file."""

    image: pyvips.Image
    original: Size
    """Of the upright original, from which sizes are computed."""
    full: Size
    """Of the upright file, which for a RAW file is larger than `original` if that is a preview."""
    orientation: int = 1
    """EXIF orientation of `image`, 1 to 8."""
    profile: bytes | None = None
    """ICC profile, also for colours that the file describes by numbers; None means sRGB."""
    source: PixelSource = PixelSource.IMAGE
    hdr: bool = False
    taken_at: str | None = None
    owner: object = None
    """Owns the memory of `image` if that is another library's."""


def upright(size: Size, orientation: int) -> Size:
    """Return a size after the orientation was applied."""
    return (size[1], size[0]) if orientation >= 5 else size  # noqa: PLR2004 - 5 to 8 are transposed
