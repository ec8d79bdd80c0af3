"""No output has anything of the original but its pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL.PngImagePlugin import PngInfo

from ops_dashboard.local.samples.photos.colours import p3_profile
from ops_dashboard.local.samples.photos.dng import dng
from ops_dashboard.local.samples.photos.encoders import heic
from ops_dashboard.local.samples.photos.metadata import (
    EXIF_HEADER,
    SECRET,
    TAKEN_AT,
    TRACES,
    XMP,
    exif_block,
)
from rendition_lambda.recipe import AUGMENTATION, RENDITIONS, Recipe
from tests.fakes.collage.images import encoded, jpeg, picture
from tests.fakes.photos.patches import render

PICTURE = picture(480, 320)
SUFFIXES = {"RAW preview": ".dng", "RAW demosaic": ".dng", "tiled HEIF": ".heic"}
KINDS = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF", "GIF", "BMP", *SUFFIXES)
ALLOWED = {  # no APP0 to APP15, no comment
    0xDB,
    0xC0,
    0xC2,
    0xC4,
    0xDA,
}
"""Quantisation, frames, Huffman tables and scans."""


def file(kind: str) -> bytes:
    """Return a photo with a secret wherever its format can have one."""
    exif = exif_block(thumbnail=jpeg(160, 120))
    if kind in {"HEIF", "tiled HEIF"}:
        return heic(PICTURE, exif, xmp=XMP, tile_size=128 if kind == "tiled HEIF" else 0)
    if kind == "RAW preview":
        preview = PICTURE.resize((2400, 1600))
        return dng(
            np.asarray(PICTURE),
            preview=encoded(preview, "JPEG", exif=exif, xmp=XMP, comment=SECRET),
            preview_size=preview.size,
            taken_at=TAKEN_AT,
        )
    if kind == "RAW demosaic":
        return dng(np.asarray(PICTURE), taken_at=TAKEN_AT)
    if kind == "GIF":
        return encoded(PICTURE.quantize(64), "GIF", comment=SECRET)
    if kind == "BMP":
        return encoded(PICTURE, "BMP") + SECRET
    options: dict[str, object] = {"exif": exif, "icc_profile": p3_profile()}
    if kind in {"JPEG", "WEBP", "AVIF"}:
        options["xmp"] = XMP
    if kind == "JPEG":
        options["comment"] = SECRET
    if kind == "TIFF":
        options["exif"] = exif.removeprefix(EXIF_HEADER)
    if kind == "PNG":
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_text("Author", SECRET.decode())
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", XMP.decode())
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
@pytest.mark.parametrize("kind", KINDS)
def test_outputs_have_no_metadata(kind: str, recipe: Recipe, tmp_path: Path) -> None:
    data = file(kind)
    assert any(trace in data for trace in TRACES)
    for each in render(data, tmp_path, SUFFIXES.get(kind, f".{kind.lower()}"), recipe).outputs:
        made = Path(each.path).read_bytes()
        assert [trace for trace in TRACES if trace in made] == []
        assert {marker for marker, _ in segments(made)} <= ALLOWED


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_the_time_is_read_before_it_is_removed(kind: str, tmp_path: Path) -> None:
    rendered = render(file(kind), tmp_path, f".{kind.lower()}")
    assert rendered.taken_at == "2024-05-06T07:08:09"
