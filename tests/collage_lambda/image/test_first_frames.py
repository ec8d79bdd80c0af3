"""The first frame is the one that browsers show, and orientations are those that they read."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from collage_lambda.image.decode import Cell, CellSpec, decode_cell
from imaging.orientation import exif_orientation
from tests.fakes.collage.images import encoded

SPEC = CellSpec(cell_px=60, background=(1, 2, 3))
RED, BLUE = (255, 0, 0), (0, 0, 255)


def pixels(data: bytes, *places: tuple[int, int]) -> list[object]:
    cell = decode_cell(data, SPEC)
    assert isinstance(cell, Cell), cell
    return [cell.image.getpixel(place) for place in places]


@pytest.mark.parametrize("hidden", [False, True])
def test_an_animated_png_shows_its_first_frame(hidden: bool) -> None:  # noqa: FBT001 - a parameter
    """The picture before it is for programs that do not know animations."""
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (60, 60), colour) for colour in (RED, BLUE)]
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:], default_image=hidden)
    assert pixels(buffer.getvalue(), (30, 30)) == [BLUE if hidden else RED]


def test_a_png_that_only_promises_frames_shows_its_picture() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (60, 60), RED).save(buffer, "PNG")
    plain = buffer.getvalue()
    promise = b"acTL" + (2).to_bytes(4, "big") + bytes(4)
    chunk = (8).to_bytes(4, "big") + promise + zlib.crc32(promise).to_bytes(4, "big")
    assert pixels(plain[:33] + chunk + plain[33:], (30, 30)) == [RED]


def test_a_gif_is_clear_where_its_first_frame_has_nothing() -> None:
    gif = encoded(Image.new("P", (30, 60), 0), "GIF")
    assert gif[10] & 0x80  # a global table of colours
    body = gif.index(b",", 13 + 3 * (2 << (gif[10] & 7)))
    moved = gif[:6] + struct.pack("<HH", 60, 60) + gif[10:body] + b"," + struct.pack("<H", 30)
    moved += gif[body + 3 :]
    left, right = pixels(moved, (10, 30), (50, 30))
    assert left == (1, 2, 3)
    assert right != left


def block(order: str, kind: int, count: int, value: int, entries: int = 1) -> bytes:
    head = b"II*\0" if order == "<" else b"MM\0*"
    return head + struct.pack(f"{order}IHHHIHH", 8, entries, 0x112, kind, count, value, 0)


@pytest.mark.parametrize(
    ("data", "orientation"),
    [
        *((block(order, 3, 1, value), value) for order in "<>" for value in range(1, 9)),
        (b"Exif\0\0" + block("<", 3, 1, 6), 6),
        (block("<", 3, 1, 0), 1),
        (block("<", 3, 1, 9), 1),
        (block("<", 4, 1, 6), 1),
        (block("<", 3, 2, 6), 1),
        (block("<", 3, 1, 6, entries=99), 6),
        (block("<", 3, 1, 6)[:-4], 1),
        (b"II*\0" + b"\xff" * 4, 1),
        (b"II", 1),
        (b"", 1),
    ],
)
def test_an_orientation_counts_if_it_is_one_short_of_the_first_directory(
    data: bytes, orientation: int
) -> None:
    """As in Chrome; a broken block turns nothing."""
    assert exif_orientation(data) == orientation
