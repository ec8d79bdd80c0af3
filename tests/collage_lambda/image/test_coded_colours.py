"""Colours that a file describes by numbers are shown as browsers show them."""

from __future__ import annotations

import struct
import zlib
from functools import cache

import pytest
from PIL import Image

from collage_lambda.image.decode import Cell, CellSpec, decode_cell
from imaging.profile import BT709, coded_profile, gamma_profile, matrix_profile
from tests.fakes.collage.images import encoded

SPEC = CellSpec(cell_px=60, background=(255, 255, 255))
COLOUR = (200, 100, 50)
Chunk = tuple[bytes, bytes]


def gama(gamma: float) -> Chunk:
    return b"gAMA", struct.pack(">I", round(gamma * 100_000))


P3 = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
SRGB: Chunk = (b"sRGB", b"\0")


@cache
def p3_icc() -> bytes:
    profile = coded_profile(12, 13)
    assert profile is not None
    return profile


def with_chunks(png: bytes, *chunks: Chunk) -> bytes:
    """Return a PNG with chunks after its header."""
    extra = b"".join(
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )
    return png[:33] + extra + png[33:]


def shown(data: bytes) -> tuple[int, ...]:
    cell = decode_cell(data, SPEC)
    assert isinstance(cell, Cell), cell
    pixel = cell.image.getpixel((30, 30))
    assert isinstance(pixel, tuple)
    return tuple(map(int, pixel))


def is_near(found: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    return all(abs(one - other) <= 3 for one, other in zip(found, expected, strict=True))


IN_P3, LINEAR = (212, 95, 32), (227, 168, 123)
"""What Chrome shows of `COLOUR` in Display P3, and of linear samples."""


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ((), COLOUR),
        ((gama(0.45455),), COLOUR),
        ((gama(1.0),), LINEAR),
        ((gama(1.0), SRGB), COLOUR),
        ((gama(0.0),), COLOUR),
        (((b"gAMA", b"\0"), (b"cHRM", b"\0"), (b"sRGB", b"")), COLOUR),
        (((b"cHRM", P3),), COLOUR),
        ((gama(0.45455), (b"cHRM", P3)), (216, 93, 24)),
        (((b"cHRM", bytes(32)), gama(1.0)), COLOUR),
        (((b"cICP", bytes((12, 13, 0, 1))),), IN_P3),
        (((b"cICP", bytes((1, 13, 0, 1))), gama(1.0)), COLOUR),
        (((b"cICP", bytes((1, 8, 0, 1))),), LINEAR),
        (((b"cICP", bytes((1, 1, 0, 1))),), COLOUR),
        (((b"cICP", bytes((99, 99, 0, 1))),), COLOUR),
    ],
)
def test_a_png_has_the_colours_of_its_first_chunk_that_counts(
    chunks: tuple[Chunk, ...], expected: tuple[int, ...]
) -> None:
    png = encoded(Image.new("RGB", (60, 60), COLOUR), "PNG")
    assert is_near(shown(with_chunks(png, *chunks)), expected)


def test_cicp_comes_before_a_profile_and_a_profile_before_a_gamma() -> None:
    png = encoded(Image.new("RGB", (60, 60), COLOUR), "PNG", icc_profile=p3_icc())
    assert is_near(shown(png), IN_P3)
    assert is_near(shown(with_chunks(png, gama(1.0))), IN_P3)
    assert is_near(shown(with_chunks(png, (b"cICP", bytes((1, 13, 0, 1))))), COLOUR)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA"])
def test_a_gamma_applies_to_every_kind_of_png(mode: str) -> None:
    image = Image.new("RGB", (60, 60), (100, 100, 100)).convert(mode)
    assert is_near(shown(with_chunks(encoded(image, "PNG"), gama(1.0))), (168, 168, 168))


def test_an_avif_in_display_p3_is_converted() -> None:
    avif = encoded(Image.new("RGB", (60, 60), COLOUR), "AVIF", quality=100)
    at = avif.index(b"nclx") + 4
    assert is_near(shown(avif), COLOUR)
    assert is_near(shown(avif[:at] + struct.pack(">HH", 1, 1) + avif[at + 4 :]), COLOUR)
    assert is_near(shown(avif[:at] + struct.pack(">HH", 12, 13) + avif[at + 4 :]), IN_P3)


def test_srgb_and_unknown_codes_need_no_profile() -> None:
    assert coded_profile(1, 13) is None
    assert coded_profile(2, 2) is None
    assert coded_profile(9, 99) is None


@pytest.mark.parametrize("primaries", [(0.0,) * 8, (0.3, 0.3) * 4, (*BT709[:7], 0.0)])
def test_impossible_primaries_are_no_profile(primaries: tuple[float, ...]) -> None:
    assert matrix_profile(primaries, float) is None  # type: ignore[arg-type] # eight of them


def test_a_profile_is_the_same_for_the_same_numbers() -> None:
    assert gamma_profile(BT709, 0.5) == gamma_profile(BT709, 0.5)
