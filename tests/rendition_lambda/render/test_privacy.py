"""No output has anything of the original but its pixels."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from imaging.profile import coded_profile
from rendition_lambda.recipe import AUGMENTATION, RENDITIONS, Recipe
from tests.fakes.collage.images import encoded, picture
from tests.fakes.photos.patches import heic, render

SECRET = b"52 Privet Drive"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><secret>" + SECRET + b"</secret></x:xmpmeta>"
PICTURE = picture(480, 320)
ALLOWED = {  # no APP0 to APP15, no comment
    0xDB,
    0xC0,
    0xC2,
    0xC4,
    0xDA,
}
"""Quantisation, frames, Huffman tables and scans."""


def exif() -> Image.Exif:
    block = Image.Exif()
    block[0x010E] = block[0x013B] = block[0x8298] = SECRET.decode()
    block.get_ifd(0x8769)[0x9003] = "2024:05:06 07:08:09"
    block.get_ifd(0x8769)[0x927C] = SECRET
    block.get_ifd(0x8825).update({1: "N", 2: (51.0, 30.0, 0.0), 3: "E", 4: (0.0, 7.0, 0.0)})
    return block


def file(kind: str) -> bytes:
    if kind == "HEIF":
        return heic(PICTURE, exif().tobytes(), xmp=XMP)
    options: dict[str, object] = {"exif": exif(), "icc_profile": coded_profile(12, 13)}
    if kind in {"JPEG", "WEBP", "AVIF"}:
        options["xmp"] = XMP
    if kind == "JPEG":
        options["comment"] = SECRET
    return encoded(PICTURE, kind, **options)


def segments(data: bytes) -> list[tuple[int, bytes]]:
    """Return the markers of a JPEG and their contents, without the coded pixels."""
    found, at = [], 2
    while at < len(data):
        assert data[at] == 0xFF
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xD9:
            break
        found.append((marker, data[at + 4 : at + 2 + length]))
        at += 2 + length
        if marker == 0xDA:
            while data[at] != 0xFF or data[at + 1] in {0, *range(0xD0, 0xD8)}:
                at += 1
    return found


@pytest.mark.parametrize("recipe", [RENDITIONS, AUGMENTATION], ids=lambda recipe: recipe.name)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_outputs_have_no_metadata(kind: str, recipe: Recipe, tmp_path: Path) -> None:
    data = file(kind)
    assert SECRET in data
    for each in render(data, tmp_path, f".{kind.lower()}", recipe).outputs:
        made = Path(each.path).read_bytes()
        assert SECRET not in made
        assert {marker for marker, _ in segments(made)} <= ALLOWED


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_the_time_is_read_before_it_is_removed(kind: str, tmp_path: Path) -> None:
    rendered = render(file(kind), tmp_path, f".{kind.lower()}")
    assert rendered.taken_at == "2024-05-06T07:08:09"
