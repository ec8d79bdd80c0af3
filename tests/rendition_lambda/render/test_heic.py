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

from ops_dashboard.local.samples.photos.encoders import heic
from rendition_lambda.reasons import PhotoError, PhotoFailure
from tests.fakes.collage.images import difference, picture
from tests.fakes.photos.patches import oriented, output, render

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
@pytest.mark.parametrize("mode", ["RGB;16", "I;16"])
def test_more_than_eight_bits_become_eight(mode: str, bits: int, tmp_path: Path) -> None:
    """As cameras store HEIF."""
    shown = PICTURE if mode == "RGB;16" else PICTURE.convert("L")
    wide = np.asarray(shown).astype(np.uint16) * 257
    image = pillow_heif.from_bytes(mode, PICTURE.size, wide.tobytes())
    buffer = io.BytesIO()
    with patch.object(pillow_heif.options, "SAVE_HDR_TO_12_BIT", bits == 12):
        image.save(buffer, quality=95, chroma=444, tile_size=128)
    assert pillow_heif.open_heif(buffer, convert_hdr_to_8bit=False).info["bit_depth"] == bits
    found = output(render(buffer.getvalue(), tmp_path, ".heic"), "large")
    assert difference(found, shown.convert("RGB")) < 4


def test_the_orientation_in_exif_means_nothing(tmp_path: Path) -> None:
    """Phones write it beside the container's properties, which alone count."""
    data = heic(PICTURE, oriented(1), enc_params=FAST)
    assert data.count(oriented(1)) == 1
    rendered = render(data.replace(oriented(1), oriented(6)), tmp_path, ".heic")
    assert (rendered.width, rendered.height) == PICTURE.size
    assert difference(output(rendered, "large"), PICTURE) < 4


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
