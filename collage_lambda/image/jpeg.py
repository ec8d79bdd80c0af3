"""A JPEG is decoded no larger and no further down than its cell shows. Pure (Pillow).

*Larger.* libjpeg decodes at n/8 of the size and skips that part of the inverse DCT: those pixels
are never computed. Pillow asks for 4/8, 2/8 and 1/8. Asked for a third, libjpeg goes to 3/8, the
next that it can do: covers 720 px wide then have 270 to scale to a cell of 200, not 360.

*Further down.* Most covers stand upright and their cell is the square in the middle: of 540x960 the
lowest fifth would be decoded and thrown away. A smaller height in the frame header spares that.
libjpeg decodes rows in order and skips what follows them as it skips any bytes before a marker, so
the rows above come out the same to the last bit. (Rows above the square cannot be spared: where the
code of the next row begins is known only where theirs ends.)
"""

from __future__ import annotations

import io
import struct

from PIL import ImageFile, JpegImagePlugin

_EIGHTHS = 8
_BLOCK_PX = 8
_START_OF_IMAGE = b"\xff\xd8"
_END_OF_IMAGE = b"\xff\xd9"
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive, all with Huffman codes (T.81 table B.1)."""
_START_OF_SCAN = 0xDA
_MARKER = 0xFF


def load(
    image: JpegImagePlugin.JpegImageFile, data: bytes, eighths: int, cell_px: int
) -> tuple[float, float]:
    """Decode what a square cell shows of `data`, at `eighths` of the size: 8, 4, 3, 2 or 1.

    Returns the width and height of the whole picture in the pixels that `image` then has; below the
    square some rows may be missing. (What is scaled is rounded up to whole pixels, of which the
    last is only partly picture.)
    """
    width, height = image.size
    rows = _rows(image, cell_px)
    less = ending_after(data, image.size, rows) if 0 < rows < height else None
    if less is not None and type(image) is JpegImagePlugin.JpegImageFile:
        image.fp = io.BytesIO(less)  # an MPO, which is one too, reads its pictures from elsewhere
    else:
        rows = height
    _draft(image, (width, rows), eighths)
    image.load()
    return width * eighths / _EIGHTHS, height * eighths / _EIGHTHS


def ending_after(data: bytes, size: tuple[int, int], rows: int) -> bytes | None:
    """Return a JPEG of `size` (width, height) whose header says that it has only `rows`.

    None where it cannot be done safely: a file without its end is to be decoded whole, and so found
    to be truncated, and one whose first frame header says anything but `size` is left to libjpeg.
    `rows` has to be a multiple of the frame's MCU height.
    """
    at = _frame(data)
    if at is None or not data.endswith(_END_OF_IMAGE):
        return None
    width, height = size
    if data[at : at + 4] != struct.pack(">HH", height, width):
        return None
    return b"".join((data[:at], rows.to_bytes(2, "big"), memoryview(data)[at + 2 :]))


def _rows(image: JpegImagePlugin.JpegImageFile, cell_px: int) -> int:
    """Return how many rows are enough for a cell, in whole MCUs; may be more than there are."""
    width, height = image.size
    # LANCZOS looks three cell pixels beyond the square, chroma one row beyond that.
    lowest = (height + min(image.size)) // 2 + 4 * (width // cell_px + 1)
    mcu = _BLOCK_PX * max((vertical for _, _, vertical, _ in image.layer), default=1)
    return -(-lowest // mcu) * mcu


def _draft(image: ImageFile.ImageFile, size: tuple[int, int], eighths: int) -> None:
    """Have `size` of an image decoded, at `eighths`: as Pillow's `draft` does, which knows no 3."""
    width, height = (-(-side * eighths // _EIGHTHS) for side in size)
    image.tile = [image.tile[0]._replace(extents=(0, 0, width, height))]
    image.decoderconfig = (-(-_EIGHTHS // eighths), 0)
    image._size = width, height  # noqa: SLF001 - what Pillow's decoders themselves set


def _frame(data: bytes) -> int | None:
    """Return where the first frame header says its height, if it comes before any scan."""
    at = len(_START_OF_IMAGE)
    while at + 4 <= len(data) and data[at] == _MARKER and data[at + 1] != _START_OF_SCAN:
        if data[at + 1] in _FRAMES:
            return at + 5  # marker, length of the segment, bits of a sample
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
