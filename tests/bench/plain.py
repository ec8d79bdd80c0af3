"""Covers become a collage the plain way, to compare ours with. Pure (Pillow)."""

from __future__ import annotations

import io

from PIL import Image

from stream_ingest.contracts.settings import CollageLayout

LAYOUT = CollageLayout()
_SIDE = LAYOUT.cell_px


def plain_cell(data: bytes) -> Image.Image:
    """Return a cell the plain way: everything decoded, then cropped, then LANCZOS."""
    with Image.open(io.BytesIO(data)) as image:
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        square = image.convert("RGB").crop((left, top, left + side, top + side))
        return square.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)


def plain_canvas(cells: list[Image.Image]) -> Image.Image:
    """Return the collage of some cells."""
    canvas = Image.new("RGB", LAYOUT.size_px, LAYOUT.background)
    for index, cell in enumerate(cells):
        row, column = divmod(index, LAYOUT.cols)
        canvas.paste(cell, (column * _SIDE, row * _SIDE))
    return canvas


def encoded(canvas: Image.Image, subsampling: int = -1) -> bytes:
    """Return a JPEG of our quality."""
    buffer = io.BytesIO()
    canvas.save(buffer, "JPEG", quality=LAYOUT.quality, subsampling=subsampling)
    return buffer.getvalue()
