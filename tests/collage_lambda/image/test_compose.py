from __future__ import annotations

import io
from collections.abc import Sequence

import msgspec
import pytest
from PIL import Image, ImageColor

from collage_lambda.image.arrangement import arrange
from collage_lambda.image.compose import THUMBNAIL_WIDTH_PX, Canvas
from stream_ingest.contracts.settings import CollageLayout
from tests.fakes.collage.images import difference

COLOURS = ["#c81e1e", "#1ec81e", "#1e1ec8", "#c8c81e", "#1ec8c8"]
LAYOUT = CollageLayout(rows=2, cols=3, cell_px=40, background="#102030")


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_cells_fill_row_by_row_and_the_rest_stays_background() -> None:
    canvas = Canvas(LAYOUT, LAYOUT.cells)
    for index, colour in enumerate(COLOURS):
        canvas.paste(index, Image.new("RGB", (40, 40), colour))
    image = opened(canvas.encode())
    assert image.size == (120, 80)
    for index, colour in enumerate([*COLOURS, "#102030"]):
        row, column = divmod(index, 3)
        cell = image.crop((column * 40, row * 40, column * 40 + 40, row * 40 + 40))
        assert difference(cell, Image.new("RGB", (40, 40), colour)) < 2


def cell_colours(image: Image.Image) -> list[tuple[int, ...]]:
    """Return the colours of the cells' centres, row by row."""
    colours = []
    for y in range(20, image.height, 40):
        for x in range(20, image.width, 40):
            pixel = image.getpixel((x, y))
            assert isinstance(pixel, tuple)
            colours.append(pixel)
    return colours


def arranged(layout: CollageLayout, shown: Sequence[int], painted: Sequence[int]) -> Image.Image:
    """Return a collage of five images of which `painted` were pasted and `shown` stay."""
    canvas = Canvas(layout, len(COLOURS))
    for index in painted:
        canvas.paste(index, Image.new("RGB", (40, 40), COLOURS[index]))
    canvas.arrange(arrange(layout, len(COLOURS), shown), shown)
    return opened(canvas.encode())


def same_colours(image: Image.Image, expected: Sequence[str]) -> bool:
    """Return whether the cells have the expected colours, but for JPEG's loss."""
    pairs = zip(cell_colours(image), expected, strict=True)
    return all(
        abs(a - b) < 4
        for found, wanted in pairs
        for a, b in zip(found, ImageColor.getrgb(wanted), strict=True)
    )


BACKGROUND = LAYOUT.background


def test_an_image_that_is_not_shown_leaves_its_cell_empty() -> None:
    """One of them was pasted before it turned out to be a repeat."""
    image = arranged(LAYOUT, shown=[0, 2, 4], painted=[0, 1, 2, 4])
    expected = [COLOURS[0], BACKGROUND, COLOURS[2], BACKGROUND, COLOURS[4], BACKGROUND]
    assert same_colours(image, expected)


def test_packed_images_move_up_and_leave_nothing_behind() -> None:
    layout = msgspec.structs.replace(LAYOUT, pack=True)
    image = arranged(layout, shown=[1, 2, 4], painted=[0, 1, 2, 4])
    expected = [COLOURS[1], COLOURS[2], COLOURS[4], BACKGROUND, BACKGROUND, BACKGROUND]
    assert same_colours(image, expected)


def test_a_fitted_collage_ends_below_its_last_image() -> None:
    layout = msgspec.structs.replace(LAYOUT, fit_rows=True)
    image = arranged(layout, shown=[0, 1], painted=[0, 1])
    assert image.size == (120, 40)
    assert same_colours(image, [COLOURS[0], COLOURS[1], BACKGROUND])


def test_packed_and_fitted_three_of_five_images_are_one_row() -> None:
    layout = msgspec.structs.replace(LAYOUT, fit_rows=True, pack=True)
    image = arranged(layout, shown=[0, 3, 4], painted=[0, 3, 4])
    assert image.size == (120, 40)
    assert same_colours(image, [COLOURS[0], COLOURS[3], COLOURS[4]])


def test_a_fitted_canvas_holds_no_more_rows_than_its_window_can_need() -> None:
    layout = msgspec.structs.replace(LAYOUT, rows=40, fit_rows=True)
    assert opened(Canvas(layout, 4).encode()).size == (120, 80)
    with pytest.raises(IndexError):
        Canvas(layout, 4).paste(6, Image.new("RGB", (40, 40)))


def test_a_thumbnail_has_the_shape_of_the_fitted_collage() -> None:
    layout = CollageLayout(fit_rows=True)
    canvas = Canvas(layout, 10)
    canvas.arrange(arrange(layout, 10, [0]), [0])
    assert opened(canvas.thumbnail()).size == (THUMBNAIL_WIDTH_PX, 50)


def test_an_empty_collage_is_all_background() -> None:
    image = opened(Canvas(LAYOUT, LAYOUT.cells).encode())
    assert difference(image, Image.new("RGB", (120, 80), "#102030")) < 1


@pytest.mark.parametrize("index", [-1, 6])
def test_a_cell_beyond_the_layout_is_an_error(index: int) -> None:
    with pytest.raises(IndexError):
        Canvas(LAYOUT, LAYOUT.cells).paste(index, Image.new("RGB", (40, 40)))


def test_the_default_is_five_by_seven_cells_of_200_px_at_quality_95() -> None:
    data = Canvas(CollageLayout(), 35).encode()
    image = opened(data)
    assert image.size == (1400, 1000)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95, subsampling=0)
    assert image.quantization == opened(buffer.getvalue()).quantization


def test_colour_is_kept_at_full_resolution() -> None:
    """Each component of the JPEG is sampled once a pixel: 4:4:4."""
    image = opened(Canvas(LAYOUT, LAYOUT.cells).encode())
    assert [(across, down) for _, across, down, _ in image.layer] == [(1, 1)] * 3


@pytest.mark.parametrize(
    ("layout", "size"),
    [
        (CollageLayout(), (THUMBNAIL_WIDTH_PX, 250)),
        (CollageLayout(rows=1, cols=40, cell_px=100), (THUMBNAIL_WIDTH_PX, 9)),
        (CollageLayout(rows=1, cols=1, cell_px=100), (100, 100)),
    ],
)
def test_a_thumbnail_keeps_the_proportions_and_never_grows(
    layout: CollageLayout, size: tuple[int, int]
) -> None:
    assert opened(Canvas(layout, layout.cells).thumbnail()).size == size
