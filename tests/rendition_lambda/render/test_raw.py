"""RAW files by their preview, by their sensor, or refused."""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ops_dashboard.local.samples.photos.chart import COLOURS
from ops_dashboard.local.samples.photos.colours import farthest
from ops_dashboard.local.samples.photos.dng import dng
from rendition_lambda.reasons import PhotoError, PhotoFailure
from rendition_lambda.recipe import AUGMENTATION
from rendition_lambda.render.rendered import PixelSource
from tests.fakes.collage.images import difference, encoded, picture
from tests.fakes.photos.patches import oriented, output, patches, render, shown

SENSOR = (480, 320)
TURNED = {1: None, 3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270,
          8: Image.Transpose.ROTATE_90}  # fmt: skip
NEAR = 4.0


@cache
def raw(
    preview: tuple[int, int] | None,
    *,
    orientation: int = 1,
    is_turned: bool = False,
    exif: int | None = None,
) -> bytes:
    """Return a DNG; its preview may be stored upright already, and may have an EXIF block."""
    sensor = np.asarray(picture(*SENSOR))
    if preview is None:
        return dng(sensor, orientation=orientation, taken_at="2024:05:06 07:08:09")
    image = picture(*SENSOR).resize(preview)
    turn = TURNED[orientation]
    if is_turned and turn is not None:
        image = image.transpose(turn)
    options = {} if exif is None else {"exif": oriented(exif)}
    return dng(
        sensor,
        preview=encoded(image, "JPEG", quality=95, **options),
        preview_size=image.size,
        orientation=orientation,
        taken_at="2024:05:06 07:08:09",
    )


@pytest.mark.parametrize(
    ("preview", "source", "large"),
    [
        ((2400, 1600), PixelSource.PREVIEW, (2400, 1600)),
        ((2000, 1334), PixelSource.PREVIEW, (2000, 1334)),
        ((1998, 1332), PixelSource.DEMOSAIC, SENSOR),
        ((160, 120), PixelSource.DEMOSAIC, SENSOR),
        (None, PixelSource.DEMOSAIC, SENSOR),
    ],
)
def test_the_preview_is_used_if_it_is_large_enough(
    preview: tuple[int, int] | None, source: PixelSource, large: tuple[int, int], tmp_path: Path
) -> None:
    rendered = render(raw(preview), tmp_path, ".dng")
    assert (rendered.format, rendered.source) == ("DNG", source)
    assert (rendered.width, rendered.height) == SENSOR
    assert (rendered.outputs[0].width, rendered.outputs[0].height) == large
    assert rendered.taken_at == "2024-05-06T07:08:09"


PREVIEWS = [
    (orientation, stored, exif)
    for orientation in (1, 3, 6, 8)
    for stored in ("as the sensor", "upright")
    for exif in (None, 0, 1, "own")
    # The aspect of a preview that is upside down says nothing.
    if orientation != 3 or (stored == "as the sensor" and exif in {None, "own"})
]


@pytest.mark.parametrize(("orientation", "stored", "exif"), PREVIEWS)
def test_a_preview_is_turned_once(
    orientation: int, stored: str, exif: int | str | None, tmp_path: Path
) -> None:
    """Whether the camera turned it, and whether its EXIF block says so."""
    is_turned = stored == "upright"
    block = orientation if exif == "own" else exif
    data = raw((2400, 1600), orientation=orientation, is_turned=is_turned, exif=block)  # type: ignore[arg-type]
    rendered = render(data, tmp_path, ".dng")
    assert rendered.source is PixelSource.PREVIEW
    turn = TURNED[orientation]
    expected = picture(*SENSOR) if turn is None else picture(*SENSOR).transpose(turn)
    found = output(rendered, "large")
    assert (rendered.width, rendered.height) == expected.size
    assert difference(found.resize(expected.size, Image.Resampling.LANCZOS), expected) < NEAR


def test_the_sensor_is_developed_in_its_colours(tmp_path: Path) -> None:
    """White and black are there, so LibRaw does not brighten it."""
    sensor = patches().resize((len(COLOURS) * 100, 100), Image.Resampling.NEAREST)
    rendered = render(dng(np.asarray(sensor)), tmp_path, ".dng")
    assert farthest(shown(output(rendered, "large")), np.array(COLOURS, dtype=float)) <= 6


def without_its_end(data: bytes) -> bytes:
    """Return a DNG whose sensor begins so late in the file that its last rows are missing."""
    entry = struct.pack("<HHII", 273, 4, 1, 8)
    assert data.count(entry) == 1
    return data.replace(entry, struct.pack("<HHII", 273, 4, 1, len(data) - 100_000))


def test_a_broken_sensor_leaves_its_preview(tmp_path: Path) -> None:
    rendered = render(without_its_end(raw((640, 480))), tmp_path, ".dng")
    assert rendered.source is PixelSource.PREVIEW
    assert rendered.outputs[0].width == 640


def test_a_broken_sensor_with_a_small_preview_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PhotoError) as caught:
        render(without_its_end(raw((390, 260))), tmp_path, ".dng")
    assert caught.value.reason is PhotoFailure.TRUNCATED


def test_a_box_is_in_pixels_of_the_raw_file(tmp_path: Path) -> None:
    rendered = render(raw((2400, 1600)), tmp_path, ".dng", AUGMENTATION)
    assert rendered.outputs[0].scale == 256 / SENSOR[0]


REFUSED = {
    "FOVb": (b"FOVb" + bytes(5000), ".x3f", PhotoFailure.UNSUPPORTED_RAW),
    "FOVb under another name": (b"FOVb" + bytes(5000), ".jpg", PhotoFailure.UNSUPPORTED_RAW),
    "Phase One": (b"IIII" + bytes(5000), ".iiq", PhotoFailure.UNSUPPORTED_RAW),
    "Hasselblad": (b"MM\0*\0\0\0\x08" + bytes(5000), ".3fr", PhotoFailure.UNSUPPORTED_RAW),
    "an empty NEF": (b"II*\0\x08\0\0\0" + bytes(5000), ".nef", PhotoFailure.UNSUPPORTED_RAW),
    "text as CR2": (b"no picture", ".cr2", PhotoFailure.NOT_AN_IMAGE),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_decoded_says_so(name: str, tmp_path: Path) -> None:
    data, suffix, reason = REFUSED[name]
    with pytest.raises(PhotoError) as caught:
        render(data, tmp_path, suffix)
    assert caught.value.reason is reason
