from __future__ import annotations

import io

import pytest
from PIL import Image

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
    canvas = Canvas(LAYOUT)
    for index, colour in enumerate(COLOURS):
        canvas.paste(index, Image.new("RGB", (40, 40), colour))
    image = opened(canvas.encode())
    assert image.size == (120, 80)
    for index, colour in enumerate([*COLOURS, "#102030"]):
        row, column = divmod(index, 3)
        cell = image.crop((column * 40, row * 40, column * 40 + 40, row * 40 + 40))
        assert difference(cell, Image.new("RGB", (40, 40), colour)) < 2


def test_an_empty_collage_is_all_background() -> None:
    image = opened(Canvas(LAYOUT).encode())
    assert difference(image, Image.new("RGB", (120, 80), "#102030")) < 1


@pytest.mark.parametrize("index", [-1, 6])
def test_a_cell_beyond_the_layout_is_an_error(index: int) -> None:
    with pytest.raises(IndexError):
        Canvas(LAYOUT).paste(index, Image.new("RGB", (40, 40)))


def test_the_default_is_five_by_seven_cells_of_200_px_at_quality_95() -> None:
    data = Canvas(CollageLayout()).encode()
    image = opened(data)
    assert image.size == (1400, 1000)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95, subsampling=0)
    assert image.quantization == opened(buffer.getvalue()).quantization


def test_colour_is_kept_at_full_resolution() -> None:
    """Each component of the JPEG is sampled once a pixel: 4:4:4."""
    image = opened(Canvas(LAYOUT).encode())
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
    assert opened(Canvas(layout).thumbnail()).size == size
