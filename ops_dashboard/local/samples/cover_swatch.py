"""The colour code in each sample cover that identifies it by its pixels. Pure.

Seven blocks form a row near the lower edge of the centre square, the part of a cover that a collage
shows. Each has one of the eight colours whose channels are on or off: three bits a block, which
survive scaling, cropping and JPEG with a wide margin. In a 200 px cell a block is 25 x 26 px::

    block   0   1 | 2   3   4 (and one bit of 5) | 5 (two bits)   6
            creator         number                      check
"""

from __future__ import annotations

from typing import NamedTuple

from PIL import Image, ImageDraw

CREATORS = 64
NUMBERS = 1024
"""The code's range: indexes and numbers from 0 to one less than these."""

_BLOCKS = 7
_LEFT, _TOP, _RIGHT, _BOTTOM = 0.06, 0.84, 0.94, 0.97  # of the square's side
_CHECKS = 32
_DARK, _LIGHT = 80, 175
"""A channel is off up to the first mean value and on from the second; between them is no code."""


class Swatch(NamedTuple):
    """The decoded content of the code."""

    creator_index: int
    number: int


def draw_swatch(picture: Image.Image, creator_index: int, number: int) -> None:
    """Draw the code into the centre square of an RGB picture.

    Raises `ValueError` for values outside its range.
    """
    if not (0 <= creator_index < CREATORS and 0 <= number < NUMBERS):
        msg = f"no swatch for creator {creator_index}, number {number}"
        raise ValueError(msg)
    code = (creator_index << 15) | (number << 5) | _check(creator_index, number)
    draw = ImageDraw.Draw(picture)
    for block in range(_BLOCKS):
        bits = code >> 3 * (_BLOCKS - 1 - block)
        colour = tuple(255 if bits & mask else 0 for mask in (4, 2, 1))
        left, top, right, bottom = _box(picture.size, block, inset=0)
        draw.rectangle((left, top, right - 1, bottom - 1), fill=colour)


def read_swatch(cell: Image.Image) -> Swatch | None:
    """Return the content of the code in a collage's cell, or None if there is no valid code.

    `cell` is a cell of about 60 px or more, or a whole cover. A white, black or rotated cell has
    no valid code, nor does a wrong crop of a cover.
    """
    picture = cell.convert("RGB")
    code = 0
    for block in range(_BLOCKS):
        middle = picture.resize((1, 1), Image.Resampling.BOX, _box(picture.size, block, inset=0.3))
        for value in middle.tobytes():
            if _DARK < value < _LIGHT:
                return None
            code = code << 1 | (value >= _LIGHT)
    found = Swatch(creator_index=code >> 15, number=code >> 5 & NUMBERS - 1)
    return found if code % _CHECKS == _check(*found) else None


def centre_square(width: int, height: int) -> tuple[int, int, int]:
    """Return left, top and side in pixels of the largest centred square."""
    side = min(width, height)
    return (width - side) // 2, (height - side) // 2, side


def _box(size: tuple[int, int], block: int, inset: float) -> tuple[int, int, int, int]:
    """Return the box of a block in pixels, without `inset` of its size on each side."""
    left, top, side = centre_square(*size)
    width = (_RIGHT - _LEFT) / _BLOCKS
    height = _BOTTOM - _TOP
    return (
        left + round(side * (_LEFT + width * (block + inset))),
        top + round(side * (_TOP + height * inset)),
        left + round(side * (_LEFT + width * (block + 1 - inset))),
        top + round(side * (_BOTTOM - height * inset)),
    )


def _check(creator_index: int, number: int) -> int:
    """Return five check bits, not all off or on if all other bits are."""
    return (creator_index * 7 + number * 3 + 21) % _CHECKS
