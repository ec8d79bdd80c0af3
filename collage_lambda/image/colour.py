"""Convert every pixel layout that Pillow decodes to sRGB on the background. Pure (Pillow).

A CMYK JPEG counts as inverted and as YCCK, with or without Adobe's marker, as in Pillow, Chrome and
Firefox (bugzilla.mozilla.org/674619). An embedded ICC profile is applied if it fits the pixels, and
ignored if it is broken.
"""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from imaging.coded_colours import RgbProfile

Rgb = tuple[int, int, int]

_BLENDED = frozenset({"P", "PA", "LA", "La", "RGBa"})
"""Palettes, and alpha in any form but RGBA."""
_DEEP = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N", "F"})
_PROFILE_SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}
"""The colour space that a profile must have to fit a mode, as ICC names it."""
_BYTE, _WORD = 255.0, 65_535.0


def parse_rgb(text: str) -> Rgb:
    """Return the three bytes of ``#rrggbb``."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


def scalable(image: Image.Image) -> Image.Image:
    """Return a loaded image in a mode whose neighbouring pixels can be averaged."""
    if image.mode in _DEEP:
        return image
    if "transparency" in image.info or image.mode in _BLENDED:
        return (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
    return image.convert("L") if image.mode == "1" else image


def clear_outside(image: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Make a loaded image transparent outside of a box, where a GIF's first frame has nothing."""
    canvas = Image.new("RGBA", image.size)
    part = image.crop(box)
    canvas.paste(scalable(part).convert("RGBA"), box[:2])
    image.im, image._mode = canvas.im, "RGBA"  # noqa: SLF001 - as Pillow's own decoders do
    image.info.pop("transparency", None)


def white_level(image: Image.Image) -> float:
    """Return the value that is white in a loaded image: 255 except for deep greys.

    Integers are taken for 16 bits unless a pixel exceeds them; floats for a range up to 1, 255 or
    their own maximum. Call it before scaling, because LANCZOS overshoots at edges.
    """
    if image.mode not in _DEEP:
        return _BYTE
    if image.mode.startswith("I;16"):
        return _WORD
    extrema: Any = image.getextrema()
    maximum = float(extrema[1])
    if image.mode == "I":
        return max(_WORD, maximum)
    return next((white for white in (1.0, _BYTE) if maximum <= white), maximum)


def to_rgb(cell: Image.Image, white: float, profile: object, background: Rgb) -> Image.Image:
    """Return a scaled cell as RGB: in sRGB, 8 bits deep, opaque on `background`."""
    if cell.mode in _DEEP:
        scale = _BYTE / white
        deep = cell if cell.mode == "F" else cell.convert("I").convert("F")
        cell = deep.point(lambda value: value * scale + 0.5).convert("L")
    if cell.mode != "RGBA":
        return _to_srgb(cell, profile)
    canvas = Image.new("RGB", cell.size, background)
    canvas.paste(_to_srgb(cell.convert("RGB"), profile), mask=cell.getchannel("A"))
    return canvas


def _to_srgb(cell: Image.Image, profile: object) -> Image.Image:
    if isinstance(profile, RgbProfile) and cell.mode == "L":
        cell = cell.convert("RGB")
    if not profile or not isinstance(profile, bytes) or cell.mode not in _PROFILE_SPACES:
        return cell.convert("RGB")
    from PIL import ImageCms  # noqa: PLC0415 - 50 ms of a cold start, and few covers carry a profile

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space != _PROFILE_SPACES[cell.mode]:
            return cell.convert("RGB")
        target = ImageCms.createProfile("sRGB")
        managed = ImageCms.profileToProfile(cell, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return cell.convert("RGB")
    return cell.convert("RGB") if managed is None else managed
