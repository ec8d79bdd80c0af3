"""The demo's batches, with the results of a correct pipeline."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from PIL import Image

from ops_dashboard.local.demo.batches import DemoBatch, DemoBatches, plan_batches
from ops_dashboard.local.demo.check import cell_box, expected_cells
from ops_dashboard.local.samples.cover_model import UrlSigner
from ops_dashboard.local.samples.cover_swatch import draw_swatch
from ops_dashboard.local.samples.expected import ExpectedWindow
from stream_ingest.contracts.naming import creator_key

NOW = datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)
SIGNER = UrlSigner(base_url="http://127.0.0.1:8080", secret=b"secret")


def plan() -> DemoBatches:
    return plan_batches(now=NOW, signer=SIGNER)


def status_of(batch: DemoBatch) -> dict[str, object]:
    """Return what `ops-dashboard status` reports for a correct batch."""
    return {**batch.expected(), "batch_id": f"id of {batch.input_name}", "settled": True}


def collages_of(batch: DemoBatch) -> dict[str, bytes]:
    """Return a batch's expected collages by file name."""
    windows = [window for window in batch.sample.expectation.windows() if window.has_collage]
    return {file_name(window): collage_of(batch, window) for window in windows}


def file_name(window: ExpectedWindow) -> str:
    creator = creator_key(window.creator)
    return f"{creator}_collage_{NOW:%Y%m%d_%H%M%S}_{window.ordinal:06d}.jpg"


def collage_of(batch: DemoBatch, window: ExpectedWindow) -> bytes:
    layout = batch.layout
    cells = expected_cells(window, layout)
    size = layout.cols * layout.cell_px, len(cells) // layout.cols * layout.cell_px
    sheet = Image.new("RGB", size, layout.background)
    for index, cell in enumerate(cells):
        if cell is not None:
            picture = Image.new("RGB", (layout.cell_px, layout.cell_px), "gray")
            draw_swatch(picture, cell.creator_index, cell.number)
            sheet.paste(picture, cell_box(index, layout)[:2])
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=layout.quality)
    return file.getvalue()
