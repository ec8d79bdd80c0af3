from __future__ import annotations

import msgspec

from collage_lambda.output.metadata import WindowMetadata
from ops_dashboard.inspect.empty_cells import empty_cells
from stream_ingest.contracts.settings import CollageLayout
from tests.ops_dashboard.console.windows import metadata_of


def metadata(layout: CollageLayout, height_px: int = 0) -> WindowMetadata:
    """Return that of a window whose first image has a cell, and whose second failed."""
    found = msgspec.json.decode(metadata_of("ann:000001"), type=WindowMetadata)
    return msgspec.structs.replace(found, layout=layout, height_px=height_px)


def test_cells_of_failed_images_and_cells_without_an_image_are_empty() -> None:
    found = empty_cells(metadata(CollageLayout(rows=2, cols=3)))
    assert (found.rows, found.cols, found.empty) == (2, 3, [1, 2, 3, 4, 5])


def test_a_collage_that_was_cut_has_fewer_rows_than_its_layout() -> None:
    found = empty_cells(metadata(CollageLayout(rows=5, cols=2, cell_px=100), height_px=100))
    assert (found.rows, found.empty) == (1, [1])
