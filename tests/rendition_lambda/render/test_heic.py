"""HEIC as phones store it: a grid of tiles."""

from __future__ import annotations

import io
import struct
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from ops_dashboard.local.samples.photos.encoders import heic
from rendition_lambda.reasons import PhotoError, PhotoFailure
from tests.bench.measure import part
from tests.fakes.collage.images import difference, picture
from tests.fakes.photos.patches import output, render

PICTURE = picture(420, 300)
MEGABYTE = 1024 * 1024
FAST = {"preset": "ultrafast"}


@cache
def tiled(tile_px: int = 128) -> bytes:
    return heic(PICTURE, tile_size=tile_px, enc_params=FAST)


def refused(data: bytes, folder: Path) -> PhotoError:
    with pytest.raises(PhotoError) as caught:
        render(data, folder, ".heic")
    return caught.value


@pytest.mark.parametrize("tile_px", [64, 128, 256])
def test_tiles_become_one_picture(tile_px: int, tmp_path: Path) -> None:
    """The last tiles of a row and of a column are wider and longer than the picture."""
    rendered = render(tiled(tile_px), tmp_path, ".heic")
    assert (rendered.format, rendered.width, rendered.height) == ("HEIF", 420, 300)
    found = output(rendered, "large")
    for box in [(0, 0, 420, 300), (120, 120, 136, 136), (400, 280, 420, 300)]:
        assert difference(found.crop(box), PICTURE.crop(box)) < 4, box


@pytest.mark.parametrize("bits", [10, 12])
def test_more_than_eight_bits_become_eight(bits: int, tmp_path: Path) -> None:
    """As cameras store HEIF."""
    wide = np.asarray(PICTURE).astype(np.uint16) * 257
    image = pillow_heif.from_bytes("RGB;16", PICTURE.size, wide.tobytes())
    buffer = io.BytesIO()
    with patch.object(pillow_heif.options, "SAVE_HDR_TO_12_BIT", bits == 12):
        image.save(buffer, quality=95, chroma=444, tile_size=128)
    assert pillow_heif.open_heif(buffer, convert_hdr_to_8bit=False).info["bit_depth"] == bits
    assert difference(output(render(buffer.getvalue(), tmp_path, ".heic"), "large"), PICTURE) < 4


@pytest.mark.parametrize("kept", [0.4, 0.9, 0.999])
def test_a_file_that_lacks_tiles_is_truncated(kept: float, tmp_path: Path) -> None:
    """libheif shows them green."""
    error = refused(tiled()[: int(len(tiled()) * kept)], tmp_path)
    assert error.reason is PhotoFailure.TRUNCATED
    assert error.detail.endswith("of 12 tiles are missing")


def patched(size: tuple[int, int], *, of: str) -> bytes:
    """Return a file whose picture has another size by its properties, or by its grid."""
    stored = struct.pack(">II", *PICTURE.size)
    if of == "properties":
        assert tiled().count(stored) == 1
        return tiled().replace(stored, struct.pack(">II", *size))
    grid = b"idat\0\0\2\3" + struct.pack(">HH", *PICTURE.size)
    assert tiled().count(grid) == 1
    return tiled().replace(grid, grid[:8] + struct.pack(">HH", *size))


@pytest.mark.parametrize(
    ("size", "of", "reason"),
    [
        ((30_000, 30_000), "properties", PhotoFailure.TOO_MANY_PIXELS),
        ((7_000, 7_000), "properties", PhotoFailure.CORRUPT),
        ((30_000, 30_000), "grid", PhotoFailure.CORRUPT),
        ((1_000, 40), "properties", PhotoFailure.TOO_SMALL),
    ],
)
def test_sizes_are_checked_before_pixels(
    size: tuple[int, int], of: str, reason: PhotoFailure, tmp_path: Path
) -> None:
    assert refused(patched(size, of=of), tmp_path).reason is reason


def test_a_coded_image_beyond_the_decoders_limit_is_unsupported(tmp_path: Path) -> None:
    """It is not corrupt: libde265 refuses slices of more than 16 MB."""
    data = heic(PICTURE, enc_params=FAST)
    place = data.index(b"mdat") + 4
    length = len(data) - place
    at = data.index(struct.pack(">IHII", place, 1, 0, length)) + 10
    more = 17 * MEGABYTE
    (first,) = struct.unpack_from(">I", data, place)
    grown = bytearray(data + bytes(more))
    struct.pack_into(">I", grown, at, length + more)
    struct.pack_into(">I", grown, place, first + more)
    error = refused(bytes(grown), tmp_path)
    assert error.reason is PhotoFailure.UNSUPPORTED_FORMAT
    assert str(length + more) in error.detail


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("tile_px", [512, 0], ids=["tiles", "one picture"])
def test_48_megapixels_take_400_mb(tile_px: int, tmp_path: Path) -> None:
    path = tmp_path / "48.heic"
    image = PICTURE.resize((8_064, 6_048), Image.Resampling.BICUBIC)
    path.write_bytes(heic(image, tile_size=tile_px, quality=60, chroma=420, enc_params=FAST))
    assert part("tests.bench.photo_part", path, "renditions") <= 400
