"""Every orientation of every format that has one is applied once, and its tag goes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from ops_dashboard.local.samples.photos.dng import dng
from ops_dashboard.local.samples.photos.encoders import heic
from rendition_lambda.recipe import AUGMENTATION
from tests.fakes.collage.images import difference, encoded, picture
from tests.fakes.photos.patches import oriented, output, render

PICTURE = picture(240, 160)
PREVIEW = (2400, 1600)
SUFFIXES = {"RAW preview": ".dng", "tiled HEIF": ".heic"}
UNDO = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
NEAR = 3.5


def upright(orientation: int) -> Image.Image:
    return PICTURE.transpose(UNDO[orientation]) if orientation > 1 else PICTURE


def stored(kind: str, orientation: int) -> bytes:
    exif = oriented(orientation)
    if kind == "RAW preview":
        preview = encoded(PICTURE.resize(PREVIEW), "JPEG", quality=95)
        sensor = np.zeros((160, 240, 3), np.uint8)
        return dng(sensor, preview=preview, preview_size=PREVIEW, orientation=orientation)
    if kind in {"HEIF", "tiled HEIF"}:
        return heic(PICTURE, exif, tile_size=64 if kind == "tiled HEIF" else 0)
    options = {"WEBP": {"quality": 95}, "AVIF": {"quality": 90}, "JPEG": {"quality": 95}}
    block = exif.removeprefix(b"Exif\0\0") if kind == "TIFF" else exif
    return encoded(PICTURE, kind, exif=block, **options.get(kind, {}))


@pytest.mark.parametrize(
    "kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF", "tiled HEIF", "RAW preview"]
)
def test_a_photo_is_upright_whatever_its_orientation(kind: str, tmp_path: Path) -> None:
    for orientation in range(1, 9):
        suffix = SUFFIXES.get(kind, f".{kind.lower()}")
        rendered = render(stored(kind, orientation), tmp_path, suffix)
        expected = upright(orientation)
        assert (rendered.width, rendered.height) == expected.size, orientation
        for name in ("large", "small", "thumbnail"):
            found = output(rendered, name)
            smaller = expected.resize(found.size, Image.Resampling.LANCZOS)
            assert difference(found, smaller) < NEAR, (orientation, name)
            assert not found.getexif(), orientation


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_demosaiced_photo_is_upright(orientation: int, tmp_path: Path) -> None:
    rendered = render(dng(np.asarray(PICTURE), orientation=orientation), tmp_path, ".dng")
    found, expected = output(rendered, "large"), upright(orientation)
    assert found.size == expected.size
    turns = [PICTURE, *(PICTURE.transpose(turn) for turn in UNDO.values())]
    others = [
        turn for turn in turns if turn.size == found.size and turn.tobytes() != expected.tobytes()
    ]
    nearest = difference(ImageOps.autocontrast(found), expected)
    assert len(others) == 3
    assert nearest < 20 < min(difference(found, other) for other in others)


@pytest.mark.parametrize("angle", [90, 180, 270, 360])
def test_rotations_are_clockwise(angle: int, tmp_path: Path) -> None:
    rendered = render(stored("JPEG", 6), tmp_path, ".jpg", AUGMENTATION)
    square = output(rendered, "256x256")
    turned = output(rendered, f"{angle}-degree")
    assert difference(turned, square.rotate(-angle)) < NEAR
