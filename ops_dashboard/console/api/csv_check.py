"""Checks of an uploaded CSV file before any row is pushed. Edge (disk)."""

from __future__ import annotations

from pathlib import Path

from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.reading import Reading
from stream_ingest.intake.jobs import CSV_SUFFIXES
from stream_ingest.sources.csv_file import read_csv
from stream_ingest.sources.source import CSV_COLUMNS, parse_columns
from stream_ingest.sources.text_stream import UnreadableError

MAX_UPLOAD_BYTES = 256 << 20
"""About a million rows. Larger files are for `stream-ingest push`, which can be resumed."""
_MAX_NAME = 200


def check_name(name: str) -> str:
    """Return a file name without its folders; raises `UserError` if it is not a CSV file's."""
    own = name.replace("\\", "/").rpartition("/")[2][:_MAX_NAME]
    if not own.lower().endswith(CSV_SUFFIXES):
        msg = f"{own or 'the file'} is not a CSV file: expected {', '.join(CSV_SUFFIXES)}"
        raise UserError(msg)
    return own


class SizeLimit:
    """Counts a file's bytes as they arrive."""

    def __init__(self, max_bytes: int = MAX_UPLOAD_BYTES) -> None:
        """Accept up to `max_bytes`."""
        self._max_bytes, self.size = max_bytes, 0

    def count(self, chunk: bytes) -> bytes:
        """Return the chunk; raises `UserError` if the file is too large."""
        self.size += len(chunk)
        if self.size > self._max_bytes:
            msg = (
                f"the file is larger than {self._max_bytes >> 20} MB;"
                " push it with `stream-ingest push --csv`"
            )
            raise UserError(msg)
        return chunk


def check_rows(path: Path, reading: Reading) -> tuple[str, ...]:
    """Read a file to its end; return what its owner should know about how it was read.

    Raises `UserError` that names the line if it cannot be read, or if it has no rows.
    """
    try:
        columns = parse_columns(reading.columns, CSV_COLUMNS)
        text = read_csv(path, columns, reading.form)
        if not sum(len(page.rows) for page in text.pages()):
            msg = "the file has a header but no rows"
            raise UserError(msg)
    except UnreadableError as error:
        raise UserError(str(error)) from error
    return text.remarks
