"""Failures as lines of CSV that no spreadsheet runs as a program. Pure.

As `stream_ingest.batches.results.sheet`: every cell in quotes, formulas escaped.
"""

from __future__ import annotations

import csv
from typing import TextIO

from ops_dashboard.inspect.failure import Failure
from stream_ingest.batches.results.sheet import safe_cell

COLUMNS = (
    "what",
    "batch_id",
    "creator",
    "window_id",
    "status",
    "reasons",
    "may_pass",
    "images",
    "images_ok",
    "what_is_wrong",
    "cover",
    "created_at",
    "at",
)


class FailureSheet:
    """Writes lines to a text file that was opened with ``newline=""``."""

    def __init__(self, file: TextIO) -> None:
        """Write the heading."""
        self._writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        self._writer.writerow(COLUMNS)

    def add(self, failure: Failure) -> None:
        """Write the line of one failure."""
        texts = _cells(failure)
        self._writer.writerow([safe_cell(texts.get(column, "")) for column in COLUMNS])


def _cells(failure: Failure) -> dict[str, str]:
    reasons = sorted(failure.reasons.items())
    shared = {
        "reasons": " ".join(f"{reason}:{count}" for reason, count in reasons),
        "may_pass": "yes" if failure.passing else "no",
    }
    if (window := failure.window) is not None:
        return shared | {
            "what": "window",
            "batch_id": window.batch_id,
            "creator": window.creator,
            "window_id": window.window_id,
            "status": window.status,
            "images": str(window.image_count),
            "images_ok": str(window.images_ok),
            "what_is_wrong": window.error or "",
            "at": window.closed_at,
        }
    row = failure.row
    if row is None:
        return shared
    return shared | {
        "what": "row",
        "batch_id": row.batch_id,
        "creator": row.creator,
        "status": "refused",
        "what_is_wrong": row.detail,
        "cover": row.cover,
        "created_at": row.created_at,
        "at": row.stored_at,
    }
