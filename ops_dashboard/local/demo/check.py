"""What came out against what was generated, figure by figure and cell by cell. Pure.

The generator's expectation knows nothing of the pipeline, and the pixels know nothing of its
tables: each sample cover carries a colour code that says whose it is, read here from the collage.
A cell without a cover shows the background that its batch has asked for.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from PIL import Image, ImageChops, ImageStat

from ops_dashboard.local.demo.batches import DemoBatch, DemoBatches
from ops_dashboard.local.samples.cover_swatch import read_swatch
from ops_dashboard.local.samples.expected import Expectation, ExpectedCell, ExpectedWindow
from stream_ingest.contracts.naming import creator_key
from stream_ingest.contracts.settings import CollageLayout

_BLEED_PX = 16  # side of the blocks in which JPEG keeps colours
_BACKGROUND_TOLERANCE = 8  # of 255, in each channel: what JPEG does to an even area


def batch_differences(
    batch: DemoBatch, status: Mapping[str, object], collages: Mapping[str, bytes]
) -> list[str]:
    """Return a line for all that is not as expected of a batch, by the way in that it came."""
    lines = [
        *figure_differences(batch.expected(), status),
        *collage_differences(batch.sample.expectation, collages, batch.layout),
    ]
    return [f"{batch.entrance}: {line}" for line in lines]


def file_differences(batches: DemoBatches, input_keys: Iterable[str]) -> list[str]:
    """Return a line for each file that is not where it belongs when its batch was read."""
    keys = set(input_keys)
    dropped, controlled = batches.dropped.file, batches.controlled.file
    lines = []
    if not any(fnmatchcase(key, f"archived/processed/*/{dropped}") for key in keys):
        lines.append(f"{dropped}: not under archived/processed/")
    if f"manual-uploads/{controlled}" not in keys:
        lines.append(f"{controlled}: no longer under manual-uploads/")
    return lines


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
            cell = collage.crop(cell_box(index, layout))
            found = read_swatch(cell)
            if found != _swatch_of(wanted):
                yield f"{name}, cell {index}: expected {_swatch_of(wanted)}, found {found}"
            elif found is None and not _is_even(cell, layout.background):
                yield f"{name}, cell {index}: not empty in {layout.background}"


def _swatch_of(cell: ExpectedCell | None) -> tuple[int, int] | None:
    return (cell.creator_index, cell.number) if cell is not None and cell.ok else None


def _is_even(cell: Image.Image, colour: str) -> bool:
    """Tell whether a cell is of one colour, apart from its margin, into which neighbours bleed."""
    width, height = cell.size
    box = _BLEED_PX, _BLEED_PX, width - _BLEED_PX, height - _BLEED_PX
    inside = cell.convert("RGB").crop(box)
    unlike = ImageChops.difference(inside, Image.new("RGB", inside.size, colour))
    return all(most <= _BACKGROUND_TOLERANCE for _, most in ImageStat.Stat(unlike).extrema)


def cell_box(index: int, layout: CollageLayout) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom in pixels of cell `index`, counted row by row."""
    row, column = divmod(index, layout.cols)
    left, top = column * layout.cell_px, row * layout.cell_px
    return left, top, left + layout.cell_px, top + layout.cell_px
