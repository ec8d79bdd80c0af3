"""Images that are refused: too small, too large, truncated, mutated."""

from __future__ import annotations

import random
import struct
import zlib
from contextlib import nullcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from collage_lambda.image.decode import Cell, decode_cell
from collage_lambda.reasons import Failure, FailureReason
from tests.fakes.collage.cells import NEAR, SPEC, cell_of, exact, reason_of, swapped_profile
from tests.fakes.collage.images import difference, encoded, jpeg, picture
from tests.fakes.collage.mutations import mutated


@pytest.mark.parametrize("size", [(1, 1), (49, 49), (49, 400), (400, 49)])
def test_an_image_below_50_px_is_too_small(size: tuple[int, int]) -> None:
    assert reason_of(jpeg(*size)) is FailureReason.TOO_SMALL


def png_header(width: int, height: int, colour_type: int = 2) -> bytes:
    """Return a PNG that declares a size and holds no pixels."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    chunks = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    data = b"IDAT" + zlib.compress(b"")
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunks
        + struct.pack(">I", len(data) - 4)
        + data
        + struct.pack(">I", zlib.crc32(data))
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (png_header(7_000, 7_143), FailureReason.TOO_MANY_PIXELS),  # just above 50 megapixels
        (png_header(20_000, 20_000), FailureReason.TOO_MANY_PIXELS),
        (png_header(2**31 - 1, 2**31 - 1), FailureReason.TOO_MANY_PIXELS),
        (png_header(7_000, 7_142, 6), FailureReason.TOO_MANY_PIXELS),  # RGBA needs it twice
        (png_header(7_000, 7_142), FailureReason.TRUNCATED),  # judged by its pixels, which lack
        (
            b"GIF89a" + struct.pack("<HHBBB", 60_000, 60_000, 0, 0, 0) + b",",
            FailureReason.TOO_MANY_PIXELS,
        ),
        (
            b"BM"
            + struct.pack("<IIIIiiHHIIiiII", 54, 0, 54, 40, 9_000, 9_000, 1, 24, 0, 0, 0, 0, 0, 0),
            FailureReason.TOO_MANY_PIXELS,
        ),
    ],
)
def test_g8_size_is_checked_before_any_pixel_is_decoded(
    data: bytes, expected: FailureReason
) -> None:
    failure = decode_cell(data, SPEC)
    assert isinstance(failure, Failure)
    allowed = {expected, FailureReason.CORRUPT} if data[:3] == b"GIF" else {expected}
    assert failure.reason in allowed


def test_a_progressive_jpeg_counts_the_memory_of_its_coefficients() -> None:
    """libjpeg keeps all of them, however small the cell: 6 bytes a pixel without subsampling."""
    small = encoded(Image.new("RGB", (64, 64)), "JPEG", progressive=True, subsampling=0)
    at = small.index(b"\xff\xc2") + 5
    declared = small[:at] + struct.pack(">HH", 7_000, 7_000) + small[at + 4 :]
    assert reason_of(declared) is FailureReason.TOO_MANY_PIXELS


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF", "GIF"])
def test_a_file_that_ends_early_is_truncated(kind: str) -> None:
    data = encoded(picture(), kind)
    assert reason_of(data[: len(data) * 2 // 3]) is FailureReason.TRUNCATED


@pytest.mark.parametrize("tile_px", [0, 64])
def test_a_heic_that_ends_early_is_truncated(tile_px: int) -> None:
    """libheif shows tiles that are missing green."""
    data = encoded(picture(), "HEIF", tile_size=tile_px)
    assert difference(cell_of(data), exact(picture())) < NEAR
    for kept in (0.5, 0.98):
        assert reason_of(data[: int(len(data) * kept)]) is FailureReason.TRUNCATED


@pytest.mark.parametrize("kind", ["WEBP", "AVIF"])
def test_a_container_that_ends_early_is_refused(kind: str) -> None:
    data = encoded(picture(), kind)
    assert reason_of(data[: len(data) * 2 // 3]) is FailureReason.CORRUPT


def test_a_fax_is_not_decoded() -> None:
    data = encoded(picture().convert("1"), "TIFF", compression="group4")
    assert reason_of(data) is FailureReason.UNSUPPORTED_FORMAT


def test_a_polyglot_counts_as_what_its_first_bytes_are() -> None:
    assert reason_of(b"<html>" + jpeg()) is FailureReason.NOT_AN_IMAGE
    assert difference(cell_of(jpeg() + b"<script>alert(1)</script>"), exact(picture())) < NEAR


def test_heavy_images_are_decoded_one_at_a_time_and_light_ones_are_not() -> None:
    class Turn(nullcontext[None]):
        taken = 0

        def __enter__(self) -> None:
            Turn.taken += 1

    decode_cell(jpeg(600, 600), SPEC, Turn())
    assert Turn.taken == 0
    decode_cell(encoded(Image.new("RGB", (3_000, 3_000)), "PNG"), SPEC, Turn())
    assert Turn.taken == 1


SEEDS = [
    jpeg(90, 70, exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00"),
    jpeg(90, 70, progressive=True),
    encoded(picture(90, 70).convert("CMYK"), "JPEG"),
    encoded(picture(90, 70), "MPO", save_all=True, append_images=[picture(70, 70)]),
    encoded(picture(90, 70), "PNG", icc_profile=swapped_profile()),
    encoded(picture(90, 70).quantize(20), "PNG", transparency=3),
    encoded(picture(90, 70).convert("RGBA"), "PNG"),
    encoded(picture(90, 70), "WEBP", exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00"),
    encoded(picture(90, 70), "WEBP", save_all=True, append_images=[picture(90, 70).rotate(90)]),
    encoded(picture(90, 70), "AVIF", speed=9),
    encoded(picture(90, 70).quantize(20), "GIF", save_all=True, append_images=[picture(90, 70)]),
    encoded(picture(90, 70).quantize(20), "BMP"),
    encoded(picture(90, 70), "TIFF", compression="tiff_lzw"),
    encoded(picture(90, 70).convert("F"), "TIFF"),
]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning")
@given(st.sampled_from(SEEDS), st.integers(0, 2**32))
@settings(max_examples=400, deadline=None)
def test_mutated_images_become_cells_or_reasons(seed: bytes, chance: int) -> None:
    assert isinstance(decode_cell(mutated(seed, random.Random(chance)), SPEC), Cell | Failure)  # noqa: S311 - not a secret
