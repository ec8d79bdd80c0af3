"""A JPEG is made to end below the rows that a cell shows, so that no others are decoded. Pure.

Most covers stand upright and their cell is the square in the middle: of 540x960 the lowest fifth is
entropy-coded, transformed and thrown away. A smaller height in the frame header spares that work.
libjpeg decodes rows in order and skips what follows them as it skips any bytes before a marker, so
those above come out the same to the last bit. (Rows above the square cannot be spared: what codes
the rows below begins where they end.)
"""

from __future__ import annotations

import struct

_START_OF_IMAGE = b"\xff\xd8"
_END_OF_IMAGE = b"\xff\xd9"
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended and progressive, all with Huffman codes (T.81 table B.1)."""
_START_OF_SCAN = 0xDA
_MARKER = 0xFF


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


def _frame(data: bytes) -> int | None:
    """Return where the first frame header says its height, if it comes before any scan."""
    at = len(_START_OF_IMAGE)
    while at + 4 <= len(data) and data[at] == _MARKER and data[at + 1] != _START_OF_SCAN:
        if data[at + 1] in _FRAMES:
            return at + 5  # marker, length of the segment, bits of a sample
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
