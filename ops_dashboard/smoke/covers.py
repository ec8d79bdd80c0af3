"""The covers of a smoke test, and what their collages must show. Pure.

Five covers become two collages of three cells: the first window is full and closes by itself, the
second has an empty cell and closes with its batch. No two runs share an image: a cover has the
number of its run in its colours and the name of its run in its bytes.
"""

from __future__ import annotations

import io
import zlib

from PIL import Image, ImageDraw

from ops_dashboard.local.samples.cover_swatch import CREATORS, draw_swatch, read_swatch
from stream_ingest.contracts.settings import CollageLayout

LAYOUT = CollageLayout(rows=1, cols=3, cell_px=200, background="#1d3557")
WINDOWS = ((0, 1, 2), (3, 4))
"""The covers of each window, in the order of its cells."""
COVERS = sum(map(len, WINDOWS))
_SIDE_PX = 400
_GREY, _RING = "#8d99ae", "#edf2f4"
_MAX_DIFFERENCE = 24
"""Largest difference of a channel from the background; JPEG changes it by a few units."""


def cover(run: str, number: int) -> bytes:
    """Return a cover of a run as a JPEG; a colour code in it identifies it."""
    picture = Image.new("RGB", (_SIDE_PX, _SIDE_PX), _GREY)
    ImageDraw.Draw(picture).ellipse((60, 40, 340, 320), outline=_RING, width=24)
    draw_swatch(picture, _run_number(run), number)
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=90, comment=f"{run} {number}")
    return data.getvalue()


def collage_problems(data: bytes, run: str, window: int) -> list[str]:
    """Return what is wrong with the collage of a run's window (0 or 1); empty if nothing is."""
    width, height = LAYOUT.size_px
    try:
        with Image.open(io.BytesIO(data)) as file:
            collage = file.convert("RGB")
    except OSError as error:
        return [f"it cannot be decoded ({error})"]
    if collage.size != (width, height):
        found = "x".join(map(str, collage.size))
        return [f"it has {found} px instead of {width}x{height}"]
    problems = []
    for cell in range(LAYOUT.cells):
        left = cell * LAYOUT.cell_px
        picture = collage.crop((left, 0, left + LAYOUT.cell_px, height))
        covers = WINDOWS[window]
        expected = covers[cell] if cell < len(covers) else None
        found_text, expected_text = _describe(picture, run), _name(expected)
        if found_text != expected_text:
            problems.append(f"cell {cell + 1} shows {found_text} instead of {expected_text}")
    return problems


def _run_number(run: str) -> int:
    return zlib.crc32(run.encode()) % CREATORS


def _describe(cell: Image.Image, run: str) -> str:
    found = read_swatch(cell)
    if found is None:
        return _name(None) if _is_background(cell) else "something else"
    if found.creator_index != _run_number(run):
        return f"cover {found.number + 1} of another run"
    return _name(found.number)


def _name(number: int | None) -> str:
    return "nothing" if number is None else f"cover {number + 1}"


def _is_background(cell: Image.Image) -> bool:
    expected = bytes.fromhex(LAYOUT.background[1:])
    differences = (
        abs(value - channel)
        for band, channel in zip(cell.split(), expected, strict=True)
        for value in band.tobytes()
    )
    return max(differences) <= _MAX_DIFFERENCE
