"""What an uploaded file has to be before any of it is pushed. Edge (disk)."""

from __future__ import annotations

import codecs
import csv
from pathlib import Path

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.source import CSV_COLUMNS

MAX_UPLOAD_BYTES = 256 << 20
"""About a million rows; more is for `stream-ingest push`, which can be resumed."""
TYPES = frozenset({"text/csv", "application/csv", "application/vnd.ms-excel", "text/plain"})
"""What browsers call a CSV file; Windows calls it Excel's."""
_MAX_NAME = 200
_MAX_FIELD_BYTES = 64 << 20
"""As `stream_ingest.sources.csv_file` has it."""


def check_name(name: str, kind: str) -> str:
    """Return the file's own name without folders; `UserError` for what is no CSV file."""
    own = name.replace("\\", "/").rpartition("/")[2][:_MAX_NAME]
    if not own.lower().endswith(".csv"):
        msg = f"{own or 'the file'} is not named .csv"
        raise UserError(msg)
    if kind.lower() not in TYPES:
        msg = f"{own} comes as {kind or 'no type'}, expected text/csv"
        raise UserError(msg)
    return own


class TextCheck:
    """Checks a file's bytes as they arrive: UTF-8 text, within the limit."""

    def __init__(self, max_bytes: int = MAX_UPLOAD_BYTES) -> None:
        """Take at most `max_bytes`."""
        self._max_bytes, self.size = max_bytes, 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def take(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Return the chunk; `UserError` where the file is none that can be read."""
        self.size += len(chunk)
        if self.size > self._max_bytes:
            msg = (
                f"the file is larger than {self._max_bytes >> 20} MB;"
                " push it with `stream-ingest push --csv`"
            )
            raise UserError(msg)
        if b"\0" in chunk:
            msg = "the file holds zero bytes: it is no text"
            raise UserError(msg)
        try:
            self._decoder.decode(chunk, final=last)
        except UnicodeDecodeError as error:
            msg = f"the file is not UTF-8 (around byte {max(self.size - len(chunk), 0):,})"
            raise UserError(msg) from error
        return chunk


def check_columns(path: Path) -> None:
    """Raise `UserError` where the header lacks a column, or no row follows it."""
    csv.field_size_limit(_MAX_FIELD_BYTES)
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
                msg = "the file has a header and no rows"
                raise UserError(msg)
        except csv.Error as error:
            msg = f"line {reader.line_num} cannot be read as CSV: {error}"
            raise UserError(msg) from error
