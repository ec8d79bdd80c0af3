"""What came out against what was generated, figure by figure and cell by cell. Pure.

The generator's expectation knows nothing of the pipeline, and the pixels know nothing of its
tables: each sample cover carries a colour code that says whose it is, read here from the collage.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping

from PIL import Image

from ops_dashboard.local.cover_swatch import read_swatch
from ops_dashboard.local.expectation import Expectation, ExpectedCell, ExpectedWindow
from stream_ingest.naming import creator_key
from stream_ingest.settings import CollageLayout


def figure_differences(expected: Mapping[str, object], found: Mapping[str, object]) -> list[str]:
    """Return a line for every expected figure that is not the one found."""
    return [
        f"{name}: expected {value}, found {found.get(name)}"
        for name, value in expected.items()
        if found.get(name) != value
    ]


def collage_name(window: ExpectedWindow) -> str:
    """Return the file name of a window's collage, as the pipeline documents it."""
    return f"{creator_key(window.creator)}_collage_{window.ordinal:06d}.jpg"


def collage_differences(
    expectation: Expectation, collages: Mapping[str, bytes], layout: CollageLayout
) -> list[str]:
    """Return a line for every collage that is missing, unexpected or has a wrong cell."""
    expected = {collage_name(each): each for each in expectation.windows() if each.has_collage}
    lines = [f"{name}: missing" for name in expected.keys() - collages.keys()]
    lines += [f"{name}: not expected" for name in collages.keys() - expected.keys()]
    for name in sorted(expected.keys() & collages.keys()):
        lines += _cell_differences(name, expected[name], collages[name], layout)
    return lines


def _cell_differences(
    name: str, window: ExpectedWindow, data: bytes, layout: CollageLayout
) -> Iterator[str]:
    with Image.open(io.BytesIO(data)) as collage:
        if collage.size != layout.size_px:
            yield f"{name}: {collage.size[0]}x{collage.size[1]} px, expected {layout.size_px}"
            return
        for index in range(layout.cells):
            wanted = window.cells[index] if index < len(window.cells) else None
            found = read_swatch(collage.crop(cell_box(index, layout)))
            if found != _swatch_of(wanted):
                yield f"{name}, cell {index}: expected {_swatch_of(wanted)}, found {found}"


def _swatch_of(cell: ExpectedCell | None) -> tuple[int, int] | None:
    return (cell.creator_index, cell.number) if cell is not None and cell.ok else None


def cell_box(index: int, layout: CollageLayout) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom in pixels of cell `index`, counted row by row."""
    row, column = divmod(index, layout.cols)
    left, top = column * layout.cell_px, row * layout.cell_px
    return left, top, left + layout.cell_px, top + layout.cell_px
