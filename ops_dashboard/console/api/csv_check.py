"""Checks of an uploaded CSV file before any row is pushed. Edge (disk)."""

from __future__ import annotations

import codecs
import csv
from pathlib import Path

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.source import CSV_COLUMNS

MAX_UPLOAD_BYTES = 256 << 20
"""About a million rows. Larger files are for `stream-ingest push`, which can be resumed."""
CONTENT_TYPES = frozenset({"text/csv", "application/csv", "application/vnd.ms-excel", "text/plain"})
"""What browsers send for a CSV file; on Windows it is Excel's type."""
MAX_FIELD_BYTES = 64 << 20
"""The limit of `stream_ingest.sources.csv_file`."""
_MAX_NAME = 200


def check_name(name: str, content_type: str) -> str:
    """Return a file name without its folders; raises `UserError` if it is not a CSV file's."""
    own = name.replace("\\", "/").rpartition("/")[2][:_MAX_NAME]
    if not own.lower().endswith(".csv"):
        msg = f"{own or 'the file'} is not named .csv"
        raise UserError(msg)
    if content_type.lower() not in CONTENT_TYPES:
        msg = f"the content type of {own} is {content_type or 'missing'}, expected text/csv"
        raise UserError(msg)
    return own


class TextCheck:
    """Checks a file's bytes as they arrive: UTF-8 text, within the size limit."""

    def __init__(self, max_bytes: int = MAX_UPLOAD_BYTES) -> None:
        """Accept up to `max_bytes`."""
        self._max_bytes, self.size = max_bytes, 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def check(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Return the chunk; raises `UserError` if the file is too large or not UTF-8 text.

        A character may be split between two chunks.
        """
        self.size += len(chunk)
        if self.size > self._max_bytes:
            msg = (
                f"the file is larger than {self._max_bytes >> 20} MB;"
                " push it with `stream-ingest push --csv`"
            )
            raise UserError(msg)
        if b"\0" in chunk:
            msg = "the file contains NUL bytes, so it is not text"
            raise UserError(msg)
        try:
            self._decoder.decode(chunk, final=last)
        except UnicodeDecodeError as error:
            msg = f"the file is not UTF-8 (around byte {max(self.size - len(chunk), 0):,})"
            raise UserError(msg) from error
        return chunk


def check_columns(path: Path, max_field_bytes: int = MAX_FIELD_BYTES) -> None:
    """Raise `UserError` if the header lacks a column or no row follows it."""
    csv.field_size_limit(max_field_bytes)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        try:
            header = [name.strip() for name in next(reader, [])]
            missing = [name for name in CSV_COLUMNS.names() if name not in header]
            if missing:
                found = ", ".join(header)[:300] or "nothing"
                msg = f"the header lacks {' and '.join(missing)}; it has {found}"
                raise UserError(msg)
            if not any(any(row) for row in reader):
                msg = "the file has a header but no rows"
                raise UserError(msg)
        except csv.Error as error:
            msg = f"line {reader.line_num} cannot be read as CSV: {error}"
            raise UserError(msg) from error
