"""Windows as lines of CSV that no spreadsheet runs as a program. Pure.

As the CSV of a batch (`stream_ingest.batches.results.sheet`), with three more columns at the end.
"""

from __future__ import annotations

import csv
from typing import TextIO

from ops_dashboard.inspect.window_record import WindowRecord
from stream_ingest.batches.results.sheet import COLUMNS as OF_A_BATCH
from stream_ingest.batches.results.sheet import safe_cell

COLUMNS = (*OF_A_BATCH, "batch_id", "trigger", "closed_because")


class WindowSheet:
    """Writes lines to a text file that was opened with ``newline=""``."""

    def __init__(self, file: TextIO) -> None:
        """Write the heading."""
        self._writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        self._writer.writerow(COLUMNS)

    def add(self, window: WindowRecord) -> None:
        """Write the line of one window."""
        failures = sorted(window.failures.items())
        texts = {
            "images": window.image_count,
            "failures": " ".join(f"{reason}:{images}" for reason, images in failures),
        }
        values = (texts.get(name, getattr(window, name, None)) for name in COLUMNS)
        self._writer.writerow(safe_cell("" if each is None else str(each)) for each in values)
