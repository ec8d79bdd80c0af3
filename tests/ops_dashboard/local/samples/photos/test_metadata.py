"""Pillow reads what was written."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageOps

from ops_dashboard.local.samples.photos.encoders import jpeg
from ops_dashboard.local.samples.photos.metadata import SECRET, TAKEN_AT, TRACES, exif_block
from ops_dashboard.local.samples.photos.pictures import draw_picture
from tests.fakes.collage.images import difference

PICTURE = draw_picture(1, (320, 240))


def test_an_exif_block_has_a_place_a_time_names_and_a_thumbnail() -> None:
    thumbnail = jpeg(PICTURE.resize((80, 60)))
    with Image.open(io.BytesIO(jpeg(PICTURE, exif=exif_block(6, thumbnail)))) as image:
        exif = image.getexif()
    assert exif[0x0112] == 6
    assert exif[0x013B] == SECRET.decode()
    assert exif.get_ifd(0x8769)[0x9003] == TAKEN_AT
    assert exif.get_ifd(0x8825)[2] == (51.0, 22.0, 58.2)
    assert thumbnail in exif_block(6, thumbnail)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_stored_photo_is_upright_by_its_orientation(orientation: int) -> None:
    data = jpeg(PICTURE, orientation)
    with Image.open(io.BytesIO(data)) as image:
        assert difference(ImageOps.exif_transpose(image), PICTURE) < 2
    assert TRACES[0] in data
    assert SECRET in data
