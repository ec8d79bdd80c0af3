"""The cells of a collage that no image fills. Pure."""

from __future__ import annotations

import msgspec

from collage_lambda.output.metadata import WindowMetadata


class EmptyCells(msgspec.Struct, frozen=True, kw_only=True):
    """The size of a collage in cells, and the numbers of its empty ones, by row from 0."""

    rows: int
    cols: int
    empty: list[int]


def empty_cells(metadata: WindowMetadata) -> EmptyCells:
    """Return the empty cells of a collage, from the metadata of its window."""
    layout = metadata.layout
    rows = metadata.height_px // layout.cell_px if metadata.height_px else layout.rows
    filled = {
        cell.row * layout.cols + cell.column
        for cell in metadata.cells
        if cell.status == "ok" and cell.row is not None and cell.column is not None
    }
    empty = [number for number in range(rows * layout.cols) if number not in filled]
    return EmptyCells(rows=rows, cols=layout.cols, empty=empty)
