"""Where a collage shows each of its images, and how large that makes it. Pure.

Image N of a window belongs into cell N, row by row. With `CollageLayout.pack` the images that
failed get no cell and later ones move up; with `CollageLayout.fit_rows` the collage ends below its
last image. A collage without any image is not arranged: it keeps all of its cells.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from stream_ingest.contracts.settings import CollageLayout


class Arrangement(msgspec.Struct, frozen=True, kw_only=True):
    """The cells of one collage."""

    layout: CollageLayout
    rows: int
    """Number of rows in the picture."""
    cells: Mapping[int, int]
    """Cell of each image, by the image's number; an image that has no cell is absent."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the picture in pixels."""
        return self.layout.cols * self.layout.cell_px, self.rows * self.layout.cell_px

    def position(self, image: int) -> tuple[int, int] | tuple[None, None]:
        """Return row and column of an image's cell, counted from 0; None if it has no cell."""
        if image not in self.cells:
            return None, None
        return divmod(self.cells[image], self.layout.cols)


def arrange(layout: CollageLayout, images: int, shown: Collection[int]) -> Arrangement:
    """Return the cells of a window with `images` images, of which those in `shown` did not fail.

    Unless the layout is packed, a failed image has an empty cell.
    """
    if layout.pack and shown:
        cells = {image: cell for cell, image in enumerate(sorted(shown))}
    else:
        cells = {image: image for image in range(images)}
    rows = layout.rows
    if layout.fit_rows and shown:
        rows = rows_of(layout, max(cells[image] for image in shown) + 1)
    end = rows * layout.cols
    inside = {image: cell for image, cell in cells.items() if cell < end}
    return Arrangement(layout=layout, rows=rows, cells=inside)


def rows_of(layout: CollageLayout, cells: int) -> int:
    """Return how many rows the first `cells` cells take."""
    return -(-cells // layout.cols)
