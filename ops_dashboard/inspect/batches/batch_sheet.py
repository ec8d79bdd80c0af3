"""Batches as lines of CSV that no spreadsheet runs as a program. Pure.

As `stream_ingest.batches.results.sheet`: every cell in quotes, formulas escaped.
"""

from __future__ import annotations

import csv
from typing import TextIO

import msgspec

from ops_dashboard.inspect.batches.batch_rows import BatchRow
from stream_ingest.batches.results.sheet import safe_cell

_FIGURES = (
    *("rows_read", "rows_sent", "rows_accepted", "rows_refused", "refused", "windows", "collages"),
    *("images_ok", "images_failed", "open_images"),
)
COLUMNS = (
    *("batch_id", "outcome", "outcome_text", "status", "trigger", "source", "started_by"),
    *("started_at", "sent_at", "built_at", *_FIGURES),
    *("rejected", "abandoned_at", "abandoned_by"),
)


class BatchSheet:
    """Writes lines to a text file that was opened with ``newline=""``."""

    def __init__(self, file: TextIO) -> None:
        """Write the heading."""
        self._writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        self._writer.writerow(COLUMNS)

    def add(self, row: BatchRow) -> None:
        """Write the line of one batch."""
        refused = row.progress.refused
        values = msgspec.structs.asdict(row.progress) | {
            "outcome": str(row.outcome.kind),
            "outcome_text": row.outcome.text,
            "started_at": row.started_at,
            "rows_refused": sum(refused.values()),
            "refused": " ".join(f"{reason}:{count}" for reason, count in sorted(refused.items())),
        }
        cells = (values[name] for name in COLUMNS)
        self._writer.writerow(safe_cell("" if each is None else str(each)) for each in cells)
