"""Images for the collage tests, made by Pillow alone, and every way to store them."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import pillow_heif
from PIL import Image, ImageChops, ImageDraw, ImageStat


@cache
def picture(width: int = 320, height: int = 320) -> Image.Image:
    """Return a picture that differs at every corner, so that any turn or shift is seen."""
    gradient = Image.linear_gradient("L")
    radial = Image.radial_gradient("L")
    bands = (gradient, gradient.transpose(Image.Transpose.ROTATE_90), ImageChops.invert(radial))
    image = Image.merge("RGB", bands).resize((width, height), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    draw.ellipse((width * 0.1, height * 0.1, width * 0.3, height * 0.3), fill=(230, 40, 40))
    draw.rectangle((width * 0.6, height * 0.2, width * 0.9, height * 0.3), fill=(20, 90, 200))
    draw.rectangle((width * 0.2, height * 0.7, width * 0.3, height * 0.9), fill=(240, 220, 30))
    return image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:  # noqa: ANN401 - whatever Pillow's encoder takes
    """Return an image in a file format; HEIF by an encoder that the pipeline does not have."""
    buffer = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.from_pillow(image).save(buffer, **options)
    else:
        image.save(buffer, kind, **options)
    return buffer.getvalue()


def jpeg(width: int = 320, height: int = 320, **options: Any) -> bytes:  # noqa: ANN401 - whatever Pillow's encoder takes
    """Return the picture as a good JPEG."""
    return encoded(picture(width, height), "JPEG", **{"quality": 95, **options})


def plain_jpeg(colour: tuple[int, int, int], side: int = 120) -> bytes:
    """Return a JPEG of one colour, to be recognised in a cell."""
    return encoded(Image.new("RGB", (side, side), colour), "JPEG", quality=95)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return the mean absolute difference of two images of one size, 0 to 255."""
    assert one.size == other.size
    bands = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean
    return sum(bands) / len(bands)
