"""Compares the demo's results with the generated data, every figure and every cell. Pure.

The expected results come from the generator alone, and the cells are checked by their pixels: each
sample cover has a colour code that identifies it, which is read from the collage. A cell without a
cover must have the background colour of its batch.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from PIL import Image, ImageChops, ImageStat

from ops_dashboard.local.demo.batches import DemoBatch, DemoBatches
from ops_dashboard.local.samples.cover_swatch import read_swatch
from ops_dashboard.local.samples.expected import ExpectedBatch, ExpectedCell, ExpectedWindow
from stream_ingest.contracts.creators import creator_of
from stream_ingest.contracts.naming import creator_key
from stream_ingest.contracts.settings import CollageLayout

_FILE_NAME = re.compile(
    r"(?P<creator>.+)_(collage|thumb|metadata)_[0-9]{8}_[0-9]{6}_(?P<number>[0-9]{6})\.(jpg|json)"
)
_BLEED_PX = 16  # side of JPEG's chroma blocks
_BACKGROUND_TOLERANCE = 8  # of 255 per channel: JPEG's error in a uniform area


def batch_differences(
    batch: DemoBatch, status: Mapping[str, object], collages: Mapping[str, bytes]
) -> list[str]:
    """Return a line for each difference of a batch, prefixed with the name of its input."""
    lines = [
        *figure_differences(batch.expected(), status),
        *collage_differences(batch.sample.expectation, collages, batch.layout),
    ]
    return [f"{batch.input_name}: {line}" for line in lines]


def file_differences(batches: DemoBatches, input_keys: Iterable[str]) -> list[str]:
    """Return a line for each input file that is not where it should be after its batch."""
    keys = set(input_keys)
    dropped, controlled = batches.dropped.file, batches.controlled.file
    lines = []
    if not any(fnmatchcase(key, f"archived/processed/*/{dropped}") for key in keys):
        lines.append(f"{dropped}: not under archived/processed/")
    if f"manual-uploads/{controlled}" not in keys:
        lines.append(f"{controlled}: no longer under manual-uploads/")
    return lines


def figure_differences(expected: Mapping[str, object], found: Mapping[str, object]) -> list[str]:
    """Return a line for each figure that differs from the expected one."""
    return [
        f"{name}: expected {value}, found {found.get(name)}"
        for name, value in expected.items()
        if found.get(name) != value
    ]


def window_in(name: str) -> str:
    """Return the id of the window that a file of ours is of; any other name as it is.

    The name is documented: creator, kind, moment at which the window closed, and its number.
    """
    match = _FILE_NAME.fullmatch(name)
    return f"{match['creator']}:{match['number']}" if match else name


def expected_id(window: ExpectedWindow) -> str:
    """Return the id that a window must have."""
    return f"{creator_key(creator_of(window.creator))}:{window.ordinal:06d}"


def collage_differences(
    expectation: ExpectedBatch, collages: Mapping[str, bytes], layout: CollageLayout
) -> list[str]:
    """Return a line for each collage that is missing or unexpected, and for each wrong cell.

    `collages` are by file name.
    """
    expected = {expected_id(each): each for each in expectation.windows() if each.has_collage}
    found = {window_in(name): data for name, data in collages.items()}
    lines = [f"{window}: missing" for window in expected.keys() - found.keys()]
    lines += [f"{window}: not expected" for window in found.keys() - expected.keys()]
    for window in sorted(expected.keys() & found.keys()):
        lines += _cell_differences(window, expected[window], found[window], layout)
    return lines


def _cell_differences(
    name: str, window: ExpectedWindow, data: bytes, layout: CollageLayout
) -> Iterator[str]:
    cells = expected_cells(window, layout)
    size = layout.cols * layout.cell_px, len(cells) // layout.cols * layout.cell_px
    with Image.open(io.BytesIO(data)) as collage:
        if collage.size != size:
            yield f"{name}: {collage.size[0]}x{collage.size[1]} px, expected {size}"
            return
        for index, expected in enumerate(cells):
            cell = collage.crop(cell_box(index, layout))
            found = read_swatch(cell)
            if found != _swatch_of(expected):
                yield f"{name}, cell {index}: expected {_swatch_of(expected)}, found {found}"
            elif found is None and not _is_uniform(cell, layout.background):
                yield f"{name}, cell {index}: not empty in {layout.background}"


def expected_cells(window: ExpectedWindow, layout: CollageLayout) -> list[ExpectedCell | None]:
    """Return the cells of a window's collage, row by row; None for an empty one.

    The window has at least one cover that can be downloaded.
    """
    cells: list[ExpectedCell | None] = [
        cell if cell.ok else None for cell in window.cells if cell.ok or not layout.pack
    ]
    cells += [None] * (layout.cells - len(cells))
    while layout.fit_rows and not any(cells[-layout.cols :]):
        del cells[-layout.cols :]
    return cells


def _swatch_of(cell: ExpectedCell | None) -> tuple[int, int] | None:
    return None if cell is None else (cell.creator_index, cell.number)


def _is_uniform(cell: Image.Image, colour: str) -> bool:
    """Return whether a cell has one colour, except in its margin, where JPEG blurs neighbours."""
    width, height = cell.size
    box = _BLEED_PX, _BLEED_PX, width - _BLEED_PX, height - _BLEED_PX
    inside = cell.convert("RGB").crop(box)
    difference = ImageChops.difference(inside, Image.new("RGB", inside.size, colour))
    return all(high <= _BACKGROUND_TOLERANCE for _, high in ImageStat.Stat(difference).extrema)


def cell_box(index: int, layout: CollageLayout) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom in pixels of cell `index`, counted row by row."""
    row, column = divmod(index, layout.cols)
    left, top = column * layout.cell_px, row * layout.cell_px
    return left, top, left + layout.cell_px, top + layout.cell_px
