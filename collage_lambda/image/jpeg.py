"""Decode no more of a JPEG than its cell shows. Pure (Pillow).

*Size.* libjpeg can decode at a half, a quarter or an eighth of the size and skips that part of the
inverse DCT.

*Rows.* Most covers are upright and their cell is the square in the middle: of 540x960 the lowest
fifth would be decoded for nothing. A smaller height in the frame header avoids that. libjpeg
decodes rows in order and skips what follows them, as it skips any bytes before a marker, so the
rows above are the same to the last bit. (Rows above the square have to be decoded: where the code
of the next row begins is known only at the end of theirs.)
"""

from __future__ import annotations

import io
import struct

from PIL import ImageFile, JpegImagePlugin

_BLOCK_PX = 8
_START_OF_IMAGE = b"\xff\xd8"
END_OF_IMAGE = b"\xff\xd9"
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive, all with Huffman codes (T.81 table B.1)."""
_PROGRESSIVE = 0xC2
_START_OF_SCAN = 0xDA
_MARKER = 0xFF


def load(
    image: JpegImagePlugin.JpegImageFile, data: bytes, scale: int, cell_px: int
) -> tuple[float, float]:
    """Decode what a square cell shows of `data`, at 1/`scale` of the size: 1, 2, 4 or 8.

    Returns the width and height of the whole picture in the scaled pixels of `image`; rows below
    the square may be missing. (A scaled size is rounded up to whole pixels, and the last one is
    only partly covered.)
    """
    width, height = image.size
    rows = _rows(image, cell_px)
    shortened = ending_after(data, image.size, rows) if 0 < rows < height else None
    if shortened is not None and type(image) is JpegImagePlugin.JpegImageFile:
        # not for an MPO, a subclass that reads its pictures from elsewhere
        image.fp = io.BytesIO(shortened)
        image.tile = [image.tile[0]._replace(extents=(0, 0, width, rows))]
        image._size = width, rows  # noqa: SLF001 - as Pillow's own decoders do
    draft(image, scale)
    image.load()
    return width / scale, height / scale


def ending_after(data: bytes, size: tuple[int, int], rows: int) -> bytes | None:
    """Return a JPEG of `size` (width, height) whose frame header declares only `rows`.

    Returns None if that is not safe: a file without an end marker must be decoded whole to be found
    truncated, and one whose first frame header contradicts `size` is left to libjpeg. `rows` must
    be a multiple of the frame's MCU height.
    """
    at = _frame(data)
    if at is None or not data.endswith(END_OF_IMAGE):
        return None
    width, height = size
    if data[at : at + 4] != struct.pack(">HH", height, width):
        return None
    return b"".join((data[:at], rows.to_bytes(2, "big"), memoryview(data)[at + 2 :]))


def is_progressive(data: bytes) -> bool:
    """Return whether a JPEG is stored in several scans of rising quality."""
    at = _frame(data)
    return at is not None and data[at - 4] == _PROGRESSIVE


def scans(data: bytes) -> int:
    """Return how many scans begin in a JPEG; its thumbnail's are counted, too."""
    return data.count(bytes((_MARKER, _START_OF_SCAN)))


def draft(image: ImageFile.ImageFile, scale: int) -> None:
    """Set up decoding at 1/`scale` of the size."""
    image.draft(None, (image.width // scale, image.height // scale))


def _rows(image: JpegImagePlugin.JpegImageFile, cell_px: int) -> int:
    """Return the rows that a cell needs, in whole MCUs; may be more than the image has."""
    width, height = image.size
    # LANCZOS reads three cell pixels beyond the square, chroma one row beyond that.
    lowest = (height + min(image.size)) // 2 + 4 * (width // cell_px + 1)
    mcu = _BLOCK_PX * max((vertical for _, _, vertical, _ in image.layer), default=1)
    return -(-lowest // mcu) * mcu


def _frame(data: bytes) -> int | None:
    """Return the offset of the height in the first frame header, if it precedes any scan."""
    at = len(_START_OF_IMAGE)
    while at + 4 <= len(data) and data[at] == _MARKER and data[at + 1] != _START_OF_SCAN:
        if data[at + 1] in _FRAMES:
            return at + 5  # marker, length of the segment, bits of a sample
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
