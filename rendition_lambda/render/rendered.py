"""What rendering a photo results in. Pure."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class PixelSource(StrEnum):
    """Where the pixels came from."""

    IMAGE = "image"
    """The image itself."""
    PREVIEW = "preview"
    """The JPEG that a camera embedded in its RAW file."""
    DEMOSAIC = "demosaic"
    """The sensor's data of a RAW file."""


class Box(msgspec.Struct, frozen=True, array_like=True):
    """Where the picture lies in an output, in that output's pixels, without its padding."""

    left: int
    top: int
    width: int
    height: int


class RenderedOutput(msgspec.Struct, frozen=True, kw_only=True):
    """One JPEG on disk."""

    name: str
    """Name of the recipe's output."""
    path: str
    """File in the folder that was given to `render`."""
    bytes: int
    sha256: str
    """Hexadecimal."""
    width: int
    height: int
    box: Box
    scale: float
    """Pixels of the output for one pixel of the upright original."""
    crop: Box | None = None
    """Part of the upright original that is in the output, in its pixels; None if all of it is."""


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """A photo's facts and its outputs, in the recipe's order."""

    format: str
    """JPEG, PNG, WEBP, TIFF, AVIF, GIF, BMP, HEIF, or a RAW format such as CR2 or DNG."""
    width: int
    """Pixels of the upright original."""
    height: int
    source: PixelSource = PixelSource.IMAGE
    hdr: bool = False
    """Whether the original has a gain map or an HDR transfer function, which outputs do not."""
    taken_at: str | None = None
    """Local time at which the photo was taken, ``YYYY-MM-DDTHH:MM:SS``, by its EXIF block."""
    outputs: tuple[RenderedOutput, ...] = ()
