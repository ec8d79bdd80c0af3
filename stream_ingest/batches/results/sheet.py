"""The windows of a batch as lines of CSV that no spreadsheet runs as a program. Pure.

RFC 4180 in UTF-8 without a byte order mark, every cell in quotes. A cell that a spreadsheet would
take for a formula (OWASP, "CSV Injection") gets an apostrophe in front; so does one that has an
apostrophe in front already, so that a program gets the text back by taking one off.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any, TextIO

from stream_ingest.contracts import table
from stream_ingest.contracts.naming import window_id

COLUMNS = (
    "creator",
    "window_id",
    "status",
    "images",
    "images_ok",
    "images_failed",
    "failures",
    "error",
    "closed_at",
    "completed_at",
    "collage_key",
    "duration_ms",
    "bytes_downloaded",
    "collage_bytes",
    "request_id",
)
_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20'")
"""The full-width forms count too: a spreadsheet set to Japanese takes them for the others."""
_CONTROLS = ("\t", "\r", "\n")


def safe_cell(text: str) -> str:
    """Return `text` as a spreadsheet may have it: never the beginning of a formula."""
    is_formula = text.lstrip().startswith(_FORMULA) or text.startswith(_CONTROLS)
    return f"'{text}" if is_formula else text


def cells(window: Mapping[str, Any]) -> list[str]:
    """Return the line of one window's item in `batch-id-index`; figures are not escaped."""
    number = table.window_number(str(window[table.SORT_KEY]))
    failures = sorted(window.get("failures", {}).items())
    texts = {
        "creator": str(window["creator"]),
        "window_id": window_id(str(window[table.PARTITION_KEY]), number),
        "status": table.index_status(window),
        "images": str(int(window["image_count"])),
        "images_ok": str(int(window.get("images_ok", 0))),
        "images_failed": str(int(window.get("images_failed", 0))),
        "failures": " ".join(f"{reason}:{int(images)}" for reason, images in failures),
        "error": str(window.get("error", "")),
        "closed_at": str(window.get(table.CLOSED_AT, "")),
        "completed_at": str(window.get("completed_at", "")),
        "collage_key": str(window.get("collage_key", "")),
        "duration_ms": str(window.get("duration_ms", "")),
        "bytes_downloaded": str(window.get("bytes_downloaded", "")),
        "collage_bytes": str(window.get("collage_bytes", "")),
        "request_id": str(window.get("request_id", "")),
    }
    return [safe_cell(texts[column]) for column in COLUMNS]


class Sheet:
    """Writes lines, one after the other, to a text file that was opened with ``newline=""``."""

    def __init__(self, file: TextIO) -> None:
        """Write the heading."""
        self._writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        self._writer.writerow(COLUMNS)

    def add(self, window: Mapping[str, Any]) -> None:
        """Write the line of one window."""
        self._writer.writerow(cells(window))
