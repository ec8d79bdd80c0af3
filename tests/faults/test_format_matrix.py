"""Goal G9 of docs/facts.md#goals: every format becomes a cell, and a broken one costs one cell.

The details of each format are in `tests/collage_lambda/test_decode.py`; this is the whole matrix in
one place, through the decoder that the pipeline calls.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from typing import Any

import pytest
from PIL import Image

from collage_lambda.image.decode import Cell, CellSpec
from collage_lambda.image.decoder import Decoder
from collage_lambda.image.heif_process import HeifProcess
from collage_lambda.reasons import Failure, FailureReason
from tests.fakes.collage.images import difference, encoded, picture

SPEC = CellSpec(cell_px=100, background=(255, 255, 255))
NEAR = 3.0
"""Mean difference of two pictures, of 255, that a lossy format may make."""
PALETTES = 12.0
"""As much with 256 colours, or with the sixteen bits of an image that has only grey."""
PICTURE = picture()
EXIF_ORIENTATION = 0x0112
TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a picture is stored so that an orientation turns it upright."""


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    heif = HeifProcess()
    yield Decoder(nullcontext(), heif)
    heif.close()


def shown(image: Image.Image) -> Image.Image:
    """Return a square picture as a cell shows it."""
    return image.convert("RGB").resize((100, 100), Image.Resampling.LANCZOS)


def opaque(mode: str) -> Image.Image:
    image = PICTURE.convert(mode)
    if mode in {"LA", "RGBA"}:
        image.putalpha(255)
    return image


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    stored = PICTURE.transpose(TURNED[orientation]) if orientation in TURNED else PICTURE
    return encoded(stored, "JPEG", quality=95, exif=exif.tobytes())


def deep_grey() -> bytes:
    """Return a PNG of 16 bits a sample."""
    grey = PICTURE.convert("L").convert("I").point(lambda value: value * 257)
    buffer = io.BytesIO()
    grey.convert("I;16").save(buffer, "PNG")
    return buffer.getvalue()


def moving(kind: str, **options: Any) -> bytes:  # noqa: ANN401 - whatever Pillow's encoder takes
    others = [PICTURE.rotate(90), PICTURE.rotate(180)]
    return encoded(PICTURE, kind, save_all=True, append_images=others, **options)


GREY = shown(PICTURE.convert("L"))
COLOUR = shown(PICTURE)
GOOD: dict[str, tuple[Callable[[], bytes], Image.Image, float]] = {
    "jpeg rgb": (lambda: encoded(PICTURE, "JPEG", quality=95), COLOUR, NEAR),
    "jpeg l": (lambda: encoded(opaque("L"), "JPEG", quality=95), GREY, NEAR),
    "jpeg cmyk": (lambda: encoded(opaque("CMYK"), "JPEG", quality=95), COLOUR, NEAR),
    "jpeg progressive": (
        lambda: encoded(PICTURE, "JPEG", quality=95, progressive=True),
        COLOUR,
        NEAR,
    ),
    "png rgb": (lambda: encoded(PICTURE, "PNG"), COLOUR, NEAR),
    "png p": (lambda: encoded(PICTURE.quantize(256), "PNG"), COLOUR, PALETTES),
    "png la": (lambda: encoded(opaque("LA"), "PNG"), GREY, NEAR),
    "png rgba": (lambda: encoded(opaque("RGBA"), "PNG"), COLOUR, NEAR),
    "png 16-bit": (deep_grey, GREY, NEAR),
    "webp static": (lambda: encoded(PICTURE, "WEBP", quality=95), COLOUR, NEAR),
    "webp alpha": (lambda: encoded(opaque("RGBA"), "WEBP", lossless=True), COLOUR, NEAR),
    "webp animated": (lambda: moving("WEBP", lossless=True), COLOUR, NEAR),
    "avif": (lambda: encoded(PICTURE, "AVIF", quality=95, speed=9), COLOUR, NEAR),
    "gif": (lambda: encoded(PICTURE.quantize(256), "GIF"), COLOUR, PALETTES),
    "gif animated": (lambda: moving("GIF"), COLOUR, PALETTES),
    "heic": (lambda: encoded(PICTURE, "HEIF", quality=95), COLOUR, NEAR),
}
ORIENTATIONS = range(1, 9)


@pytest.mark.parametrize("name", GOOD)
def test_g9_each_format_of_the_matrix_is_decoded_correctly(decoder: Decoder, name: str) -> None:
    make, wanted, tolerance = GOOD[name]
    cell = decoder.decode(make(), SPEC)
    assert isinstance(cell, Cell), cell
    assert difference(cell.image, wanted) < tolerance


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_g9_each_exif_orientation_is_shown_upright(decoder: Decoder, orientation: int) -> None:
    cell = decoder.decode(turned(orientation), SPEC)
    assert isinstance(cell, Cell), cell
    assert difference(cell.image, COLOUR) < NEAR


def without_size() -> bytes:
    """Return a PNG of no pixels at all."""
    head = b"IHDR" + struct.pack(">IIBBBBB", 0, 0, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


def half(kind: str) -> bytes:
    data = GOOD[kind][0]()
    return data[: len(data) // 2]


BAD: dict[str, tuple[Callable[[], bytes], set[FailureReason]]] = {
    **{
        f"half of a {kind}": (
            partial(half, kind),
            {FailureReason.TRUNCATED, FailureReason.CORRUPT},
        )
        for kind in ("jpeg rgb", "png rgb", "webp static", "avif", "heic")
    },
    "html": (lambda: b"<!DOCTYPE html><html><body>403", {FailureReason.NOT_AN_IMAGE}),
    "nothing": (lambda: b"", {FailureReason.NOT_AN_IMAGE}),
    "0x0": (without_size, {FailureReason.TOO_SMALL, FailureReason.CORRUPT}),
    "svg": (
        lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        {FailureReason.UNSUPPORTED_FORMAT},
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_g9_what_is_not_a_whole_image_fails_with_a_reason(decoder: Decoder, name: str) -> None:
    make, reasons = BAD[name]
    failure = decoder.decode(make(), SPEC)
    assert isinstance(failure, Failure)
    assert failure.reason in reasons
