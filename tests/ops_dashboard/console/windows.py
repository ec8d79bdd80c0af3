"""Metadata documents of windows, as the collage Lambda writes them."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from collage_lambda.output.metadata import CellRecord, WindowMetadata
from stream_ingest.contracts.settings import CollageLayout

MOMENT = datetime(2026, 11, 21, 3, tzinfo=UTC)


def metadata_of(window_id: str) -> bytes:
    """Return the metadata of a window of two cells, the second of which is empty."""
    cells = [
        CellRecord(
            cell=0, row=0, column=0, identity="tos/a", url="https://x.example/a", status="ok",
            attempts=1, created_at=MOMENT, sha256="ab" * 32,
        ),
        CellRecord(
            cell=1, row=0, column=1, identity="tos/b", url="https://x.example/b", status="failed",
            attempts=1, created_at=MOMENT, reason="not_found", passing=False, http_status=404,
        ),
    ]  # fmt: skip
    return msgspec.json.encode(
        WindowMetadata(
            window_id=window_id,
            creator="ann",
            batch_id="batch-a",
            trigger="csv-push",
            closed_at=MOMENT,
            closed_because="full",
            built_at=MOMENT,
            replay=None,
            layout=CollageLayout(rows=1, cols=2),
            collage_key="k",
            thumbnail_key="t",
            collage_sha256="cd" * 32,
            images=2,
            images_ok=1,
            images_failed=1,
            failures={"not_found": 1},
            bytes_downloaded=10,
            timings_ms={},
            cells=cells,
        )
    )
