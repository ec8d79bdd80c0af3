"""Settings of a stack that batches get for options which they do not set. Pure."""

from __future__ import annotations

from typing import Annotated

import msgspec
from checks.consistency import setting_name
from setting_groups.images import ImageSettings

from stream_ingest.contracts.batch_options import BatchOptions, read_options
from stream_ingest.contracts.settings import MAX_IMAGES_PER_WINDOW, CellPx, Quality

_DEFAULT = "default_"


class BatchDefaults(ImageSettings, frozen=True, kw_only=True, rename="camel"):
    """Defaults of batches."""

    default_grid: str = "5x7"
    """Rows x columns of cells, for batches that do not set them."""
    default_cell_px: CellPx = 200
    """Width and height of a cell, for batches that do not set it."""
    default_quality: Quality = 95
    """JPEG quality, for batches that do not set it."""
    default_background: str = "#ffffff"
    """Colour of empty cells, for batches that do not set it: a name or #rrggbb."""
    default_images_per_window: Annotated[int, msgspec.Meta(ge=0, le=MAX_IMAGES_PER_WINDOW)] = 0
    """Maximum number of images in a collage, for batches that do not set it; 0 is as many as it
    has cells."""
    default_fit_rows: bool = True
    """Whether rows of cells without any image are left out, for batches that do not set it."""
    default_pack: bool = False
    """Whether images move up into the cells of failed ones, for batches that do not set it."""
    default_dedup: bool = True
    """Whether images that a creator already has are refused, for batches that do not set it."""
    default_flush: str = "idle:7d"
    """When a push closes windows that are not full, if it does not set it: ``never``,
    ``batch-end`` or ``idle:<duration>``. Dropped and requested files close them at their end."""

    @property
    def batch_defaults(self) -> BatchOptions:
        """Return what batches get for options that they leave open; raises `UserError`."""
        values = {
            name.removeprefix(_DEFAULT): value
            for name, value in msgspec.structs.asdict(self).items()
            if name.startswith(_DEFAULT)
        }
        values["images_per_window"] = values["images_per_window"] or None
        return read_options(values, setting_name)
