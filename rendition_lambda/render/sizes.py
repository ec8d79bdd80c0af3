"""Sizes of outputs, computed from the upright original. Pure."""

from __future__ import annotations

from typing import NamedTuple

from rendition_lambda.recipe import Angle, Flip, Output
from rendition_lambda.render.rendered import Box

Size = tuple[int, int]
"""Width and height in pixels."""
_SHRUNK_REMAINS = 2
"""A JPEG that its decoder has scaled has at least this many times the sides that are needed."""
_CHAINED_REMAINS = 2.5
"""The same for a picture of which a smaller one is made. 400 pixels of 800 would be 49.6 dB from
one step of LANCZOS, and are 51.8 of 2,000."""
_WHOLE = (0.0, 0.0, 1.0, 1.0)


class Region(NamedTuple):
    """A part of the upright original, in its pixels, of which it may take fractions."""

    left: float
    top: float
    width: float
    height: float

    def rounded(self) -> Box:
        """Return it in whole pixels."""
        left, top = round(self.left), round(self.top)
        right, bottom = round(self.left + self.width), round(self.top + self.height)
        return Box(left, top, max(1, right - left), max(1, bottom - top))


def region(original: Size, output: Output) -> Region:
    """Return the part of an upright original that an output shows, in its pixels."""
    left, top, width, height = output.crop or _WHOLE
    part = Region(left * original[0], top * original[1], width * original[0], height * original[1])
    if output.fit != "cover":
        return part
    scale = max(output.box[0] / part.width, output.box[1] / part.height)
    width, height = output.box[0] / scale, output.box[1] / scale
    return Region(
        part.left + (part.width - width) / 2, part.top + (part.height - height) / 2, width, height
    )


def picture_size(original: Size, output: Output) -> Size:
    """Return the size of the picture in an output, before its rotation and without padding.

    At least one pixel a side, however long the original is.
    """
    shown = region(original, output)
    if output.fit == "cover":
        return output.box
    scale = _scale(shown, output)
    return max(1, round(shown.width * scale)), max(1, round(shown.height * scale))


def whole_size(original: Size, output: Output) -> Size:
    """Return the size of the whole image from which an output is made.

    It is as large as the output's picture if that is all of the image. Otherwise the picture is cut
    out of it, and the image is not enlarged before that.
    """
    if not is_part(output):
        return picture_size(original, output)
    scale = min(1.0, _scale(region(original, output), output))
    return max(1, round(original[0] * scale)), max(1, round(original[1] * scale))


def cut_out(whole: Size, original: Size, output: Output) -> Box:
    """Return which part of an image of the size `whole` is an output's picture."""
    shown, picture = region(original, output), picture_size(original, output)
    across, down = whole[0] / original[0], whole[1] / original[1]
    width, height = round(shown.width * across), round(shown.height * down)
    if _scale(shown, output) <= 1:  # rounded as the picture is, so that it need not be scaled again
        width, height = picture
    width, height = min(max(1, width), whole[0]), min(max(1, height), whole[1])
    left, top = round(shown.left * across), round(shown.top * down)
    return Box(
        min(max(0, left), whole[0] - width), min(max(0, top), whole[1] - height), width, height
    )


def is_part(output: Output) -> bool:
    """Return whether an output may show less than all of the image."""
    return output.crop is not None or output.fit == "cover"


def _scale(shown: Region, output: Output) -> float:
    """Return how many pixels of an output's picture one pixel of the upright original becomes."""
    across, down = output.box[0] / shown.width, output.box[1] / shown.height
    if output.fit == "inside":
        return min(across, down, 1.0)
    return max(across, down) if output.fit == "cover" else min(across, down)


def placed(picture: Size, output: Output) -> Box:
    """Return where the picture lies in an output before its rotation: in the middle, if padded."""
    width, height = picture
    if output.fit != "pad":
        return Box(0, 0, width, height)
    return Box((output.box[0] - width) // 2, (output.box[1] - height) // 2, width, height)


def flipped(box: Box, outer: Size, flip: Flip) -> Box:
    """Return a box after its image, of the size `outer`, was flipped."""
    right, bottom = outer[0] - box.left - box.width, outer[1] - box.top - box.height
    return {
        "horizontal": Box(right, box.top, box.width, box.height),
        "vertical": Box(box.left, bottom, box.width, box.height),
    }.get(flip, box)


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
