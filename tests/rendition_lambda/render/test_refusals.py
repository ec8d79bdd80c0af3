"""What is too small, too large, cut or broken fails with its reason, before it costs memory."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from ops_dashboard.local.samples.photos.encoders import heic
from rendition_lambda.reasons import PhotoError
from rendition_lambda.recipe import RENDITIONS, Recipe
from tests.fakes.collage.images import encoded, jpeg, picture
from tests.fakes.photos.patches import render

PICTURE = picture(480, 320)


def reason(data: bytes, folder: Path, suffix: str = ".jpg", recipe: Recipe = RENDITIONS) -> str:
    with pytest.raises(PhotoError) as caught:
        render(data, folder, suffix, recipe)
    assert len(caught.value.detail) <= 200
    assert str(folder) not in caught.value.detail
    return str(caught.value.reason)


def png_of(width: int, height: int, interlaced: int = 0) -> bytes:
    """Return a PNG whose header says how large it is, without its pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, interlaced)
    pixels = b"IDAT" + zlib.compress(bytes(1000))
    chunks = (header, pixels, b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in chunks
    )


def jpeg_of(width: int, height: int) -> bytes:
    data = jpeg(64, 64)
    at = data.index(b"\xff\xc0")
    return data[: at + 5] + struct.pack(">HH", height, width) + data[at + 9 :]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (jpeg(49, 400), "too_small"),
        (jpeg(400, 49), "too_small"),
        (encoded(Image.new("RGB", (1, 1)), "PNG"), "too_small"),
        (jpeg_of(20_000, 15_001), "too_many_pixels"),
        (png_of(20_000, 15_001), "too_many_pixels"),
        (png_of(17_000, 17_000, interlaced=1), "too_many_pixels"),
        (png_of(60_000, 60_000), "too_many_pixels"),
        (b"", "not_an_image"),
        (b"%PDF-1.4", "not_an_image"),
    ],
    ids=range(9),
)
def test_a_header_is_enough_to_refuse(data: bytes, expected: str, tmp_path: Path) -> None:
    assert reason(data, tmp_path) == expected


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "GIF", "BMP", "HEIF"])
@pytest.mark.parametrize("part", [0.5, 0.9])
def test_a_file_that_ends_too_early_is_truncated_or_corrupt(
    kind: str, part: float, tmp_path: Path
) -> None:
    data = heic(PICTURE) if kind == "HEIF" else encoded(PICTURE, kind)
    cut = data[: int(len(data) * part)]
    expected = {"truncated", "corrupt"} if kind in {"WEBP", "TIFF", "BMP"} else {"truncated"}
    assert reason(cut, tmp_path, f".{kind.lower()}") in expected


def test_a_file_larger_than_its_recipe_accepts_is_too_large(tmp_path: Path) -> None:
    data = jpeg()
    smaller = msgspec.structs.replace(RENDITIONS, max_bytes=len(data) - 1)
    assert reason(data, tmp_path, recipe=smaller) == "too_large"


def test_a_format_that_a_recipe_does_not_accept_is_unsupported(tmp_path: Path) -> None:
    only = msgspec.structs.replace(RENDITIONS, formats=frozenset({"PNG"}))
    assert reason(jpeg(), tmp_path, recipe=only) == "unsupported_format"


def test_samples_that_are_no_colours_are_unsupported(tmp_path: Path) -> None:
    assert reason(encoded(PICTURE.convert("F"), "TIFF"), tmp_path) == "unsupported_format"


def test_the_first_frame_is_shown(tmp_path: Path) -> None:
    other = PICTURE.rotate(180)
    for kind in ("GIF", "WEBP", "TIFF", "PNG"):
        data = encoded(PICTURE, kind, save_all=True, append_images=[other])
        assert render(data, tmp_path).height == 320


def test_an_image_too_wide_for_its_decoders_rows_has_too_many_pixels(tmp_path: Path) -> None:
    """Its rows would take more memory than the child may have."""
    wide = Image.new("1", (65_536, 60))
    for kind in ("PNG", "TIFF"):
        assert reason(encoded(wide, kind), tmp_path) == "too_many_pixels"
    assert render(encoded(wide.crop((0, 0, 65_535, 60)), "PNG"), tmp_path).outputs[0].height == 4


def test_a_tag_with_more_values_than_there_is_memory_is_corrupt(tmp_path: Path) -> None:
    data = encoded(PICTURE, "TIFF")
    at = data.index(struct.pack("<HHI", 258, 3, 3))  # bits of each of three samples
    values = struct.pack("<HHI", 258, 3, 0xFFFF_FFFF)
    assert reason(data[:at] + values + data[at + 8 :], tmp_path) == "corrupt"
