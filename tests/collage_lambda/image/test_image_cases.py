"""Pictures as people have them (tests/cases/images): each is shown as browsers show it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from collage_lambda.image.decode import Cell, CellSpec, decode_cell
from collage_lambda.reasons import Failure, FailureReason

CASES = Path(__file__).parents[2] / "cases" / "images"
SPEC = CellSpec(cell_px=200, background=(255, 255, 255))


def cell_of(name: str) -> Cell:
    cell = decode_cell((CASES / name).read_bytes(), SPEC)
    assert isinstance(cell, Cell), cell
    return cell


@pytest.mark.parametrize("name", ["p_ztxt_2mb.png", "p_itxt_xmp_2mb.png", "p_badcrc_text.png"])
def test_large_or_broken_text_in_a_png_is_no_part_of_its_picture(name: str) -> None:
    assert (cell_of(name).width, cell_of(name).height) == (540, 960)


@pytest.mark.parametrize("name", ["j_lightroom.jpg", "p_xmp6.png", "w_xmp6.webp", "w_exif6.webp"])
def test_an_orientation_that_browsers_ignore_is_ignored(name: str) -> None:
    """One in XMP alone, and any in a WebP."""
    with Image.open(CASES / name) as image:
        pixels = image.convert("RGB")
        side = min(pixels.size)
        left, top = (pixels.width - side) / 2, (pixels.height - side) / 2
        box = (left, top, left + side, top + side)
        upright = pixels.resize((200, 200), Image.Resampling.LANCZOS, box=box)
    shown = cell_of(name).image
    difference = [abs(a - b) for a, b in zip(shown.tobytes(), upright.tobytes(), strict=True)]
    assert sum(difference) / len(difference) < 2


@pytest.mark.parametrize("name", ["j_no_eoi.jpg", "j_cut_last_row.jpg", "g_trunc.gif"])
def test_a_picture_whose_cell_is_there_is_shown_though_its_file_ends_too_early(name: str) -> None:
    assert (cell_of(name).width, cell_of(name).height) == (540, 960)


def test_jpeg_xl_is_named_as_what_is_not_supported() -> None:
    failure = decode_cell((CASES / "x_jxl.jxl").read_bytes(), SPEC)
    assert isinstance(failure, Failure)
    assert (failure.reason, failure.detail) == (FailureReason.UNSUPPORTED_FORMAT, "JPEG XL")
