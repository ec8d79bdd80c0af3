"""A gain map is dropped, and said to have been there."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops_dashboard.local.samples.photos.encoders import heic
from tests.fakes.collage.images import encoded, picture
from tests.fakes.photos.patches import render

PICTURE = picture(120, 80)
ULTRA_HDR = b'<x xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"/>'
FILES = {
    "Ultra HDR": (encoded(PICTURE, "JPEG", xmp=ULTRA_HDR), True),
    "a JPEG": (encoded(PICTURE, "JPEG"), False),
    "an AVIF": (encoded(PICTURE, "AVIF"), False),
    "HLG": (
        encoded(PICTURE, "AVIF").replace(b"colrnclx\0\1\0\x0d", b"colrnclx\0\x09\0\x12"),
        True,
    ),
    "a HEIC": (heic(PICTURE), False),
    "a HEIC with a tone map": (
        heic(PICTURE) + b"infe\2\0\0\0" + bytes(4) + b"tmap",
        True,
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_hdr_is_noted(name: str, tmp_path: Path) -> None:
    data, is_hdr = FILES[name]
    assert render(data, tmp_path, ".x").hdr == is_hdr
