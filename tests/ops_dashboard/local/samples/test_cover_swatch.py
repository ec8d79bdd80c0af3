"""The colour code must be readable in a cell of a collage's JPEG."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageOps

from ops_dashboard.local.samples.cover_art import draw_cover
from ops_dashboard.local.samples.cover_swatch import CREATORS, NUMBERS, draw_swatch, read_swatch

CODES = [(0, 0), (0, 1), (1, 0), (5, 35), (21, 170), (39, 512), (42, 341), (63, 1023)]


def collage_cell(cover: Image.Image, cell_px: int, quality: int) -> Image.Image:
    """Return a cover's cell, cut out of a collage of two by two that went through JPEG."""
    cell = ImageOps.fit(cover, (cell_px, cell_px), Image.Resampling.LANCZOS)
    sheet = Image.new("RGB", (cell_px * 2, cell_px * 2), "white")
    sheet.paste(cell, (cell_px, cell_px))
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=quality)
    return Image.open(file).crop((cell_px, cell_px, cell_px * 2, cell_px * 2))


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(("cell_px", "quality"), [(200, 95), (200, 40), (128, 80), (64, 95)])
def test_a_code_survives_crop_scaling_and_jpeg(
    code: tuple[int, int], cell_px: int, quality: int
) -> None:
    cover = draw_cover(code[0], "mia.cooks", code[1])
    assert read_swatch(collage_cell(cover, cell_px, quality)) == code


def test_a_code_survives_jpeg_before_and_after() -> None:
    file = io.BytesIO()
    draw_cover(13, "mia.cooks", 77).save(file, "JPEG", quality=60)
    with Image.open(file) as picture:
        picture.draft("RGB", (270, 270))
        assert read_swatch(collage_cell(picture, 200, 95)) == (13, 77)


@pytest.mark.parametrize("size", [(540, 720), (1080, 1080), (1280, 720), (101, 173)])
def test_a_code_is_read_from_a_whole_cover_of_any_shape(size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size, "gray")
    draw_swatch(picture, 40, 600)
    assert read_swatch(picture) == (40, 600)


@pytest.mark.parametrize("colour", ["white", "black", "gray", "red", "#00ff00", "#ff00ff"])
def test_a_cell_of_one_colour_has_no_code(colour: str) -> None:
    assert read_swatch(Image.new("RGB", (200, 200), colour)) is None


def test_a_rotated_cover_has_no_code() -> None:
    cell = collage_cell(draw_cover(3, "mia.cooks", 17), 200, 95)
    turned = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
    assert [read_swatch(cell.transpose(turn)) for turn in turned] == [None, None, None]


@pytest.mark.parametrize("code", [(-1, 0), (CREATORS, 0), (0, -1), (0, NUMBERS)])
def test_a_number_out_of_range_is_refused(code: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no swatch"):
        draw_swatch(Image.new("RGB", (200, 200)), *code)
