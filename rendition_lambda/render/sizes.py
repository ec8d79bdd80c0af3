"""Sizes of outputs, computed from the upright original. Pure."""

from __future__ import annotations

from rendition_lambda.recipe import Angle, Output
from rendition_lambda.render.rendered import Box

Size = tuple[int, int]
"""Width and height in pixels."""
_SHRUNK_REMAINS = 2
"""A JPEG that its decoder has scaled has at least this many times the sides that are needed."""
_CHAINED_REMAINS = 2.5
"""The same for a picture of which a smaller one is made. 400 pixels of 800 would be 49.6 dB from
one step of LANCZOS, and are 51.8 of 2,000."""


def picture_size(original: Size, output: Output) -> Size:
    """Return the size of the picture in an output, before its rotation and without padding.

    At least one pixel a side, however long the original is.
    """
    width, height = original
    scale = min(output.box[0] / width, output.box[1] / height)
    if output.fit == "inside":
        scale = min(scale, 1.0)
    return max(1, round(width * scale)), max(1, round(height * scale))


def placed(picture: Size, output: Output) -> Box:
    """Return where the picture lies in an output before its rotation: in the middle, if padded."""
    width, height = picture
    if output.fit == "inside":
        return Box(0, 0, width, height)
    return Box((output.box[0] - width) // 2, (output.box[1] - height) // 2, width, height)


def turned(box: Box, outer: Size, angle: Angle) -> Box:
    """Return a box after its image, of the size `outer`, was turned clockwise."""
    right, bottom = outer[0] - box.left - box.width, outer[1] - box.top - box.height
    return {
        90: Box(bottom, box.left, box.height, box.width),
        180: Box(right, bottom, box.width, box.height),
        270: Box(box.top, right, box.height, box.width),
    }.get(angle, box)


def source_of(wanted: Size, available: list[Size]) -> Size:
    """Return the picture from which to scale one: the smallest that is large enough.

    Otherwise it is the largest.
    """
    enough = [
        size
        for size in available
        if all(a >= _CHAINED_REMAINS * b for a, b in zip(size, wanted, strict=True))
    ]
    return min(enough) if enough else max(available)


def jpeg_shrink(original: Size, wanted: Size) -> int:
    """Return the divisor at which a JPEG's decoder may scale: 1, 2, 4 or 8."""
    factor = min(original[0] / wanted[0], original[1] / wanted[1])
    return next((by for by in (8, 4, 2) if factor >= _SHRUNK_REMAINS * by), 1)
