"""A creator's rows in the files of the input bucket. Edge (S3, threads).

Files that wait to be read, or are being read, stay as they are: under ``csv-files/`` the current
version, and any version of the last day.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime, timedelta

from ops_dashboard.erase.bucket import Bucket, Version
from ops_dashboard.erase.documents import Redaction
from ops_dashboard.erase.report import UNREADABLE_FILES, WAITING_FILES
from ops_dashboard.erase.subject import Subject
from stream_ingest.contracts.errors import TransientError, UserError
from stream_ingest.intake.jobs import CSV_FOLDER
from stream_ingest.intake.objects import read_metadata
from stream_ingest.sources.csv_text import CsvText
from stream_ingest.sources.source import CSV_COLUMNS, parse_columns
from stream_ingest.sources.text_stream import TextStream, UnreadableError

ROWS = "rows in input files"
MAX_BYTES = 256 << 20
"""A larger file is reported as one that cannot be read: it is held in memory."""
_READING = timedelta(days=1)
_GZIP = b"\x1f\x8b"
_ROUNDS = 5
_REPORTS = ".errors.json"


class InputFiles:
    """The files of one stack's input bucket."""

    def __init__(
        self, who: Subject, bucket: Bucket, threads: Executor, clock: Callable[[], datetime]
    ) -> None:
        """Read several files at once, in `threads`."""
        self._who, self._bucket = who, bucket
        self._threads, self._clock = threads, clock

    def work(self, *, remove: bool) -> Counter[str]:
        """Return the number of the creator's rows; with `remove`, remove them from the files.

        Also counts the files that it leaves: `WAITING_FILES`, `UNREADABLE_FILES`. Safe to repeat.
        """
        files = (
            each
            for each in self._bucket.versions()
            if not each.is_marker and each.bytes and not each.key.endswith(_REPORTS)
        )
        found: Counter[str] = Counter()
        for counts in self._threads.map(lambda each: self._file(each, remove=remove), files):
            found += counts
        return found

    def _file(self, version: Version, *, remove: bool) -> Counter[str]:
        if version.bytes > MAX_BYTES:
            return Counter({UNREADABLE_FILES: 1})
        for _ in range(_ROUNDS):
            document = self._bucket.read(version)
            if document is None:
                return Counter()
            metadata = read_metadata(document.fields.get("Metadata", {}))
            redaction = without_creator(document.body, self._who, metadata.get("columns"))
            if redaction.unreadable:
                return Counter({UNREADABLE_FILES: 1})
            if not redaction.found:
                return Counter()
            if self._is_waiting(version):
                return Counter({WAITING_FILES: 1})
            if remove and version.is_latest:
                body = redaction.body or b""
                if not self._bucket.replace(version.key, document, body):
                    continue
            if remove and (not version.is_latest or version.id != "null"):
                self._bucket.delete([version])
            return Counter({ROWS: redaction.found})
        msg = f"{version.key}: other writers were first {_ROUNDS} times; run this again"
        raise TransientError(msg)

    def _is_waiting(self, version: Version) -> bool:
        is_new = self._clock() - version.modified_at < _READING
        return version.key.startswith(CSV_FOLDER) and (version.is_latest or is_new)


def without_creator(body: bytes, who: Subject, columns: str | None = None) -> Redaction:
    """Return a CSV file without the creator's rows; all other bytes stay as they are. Pure.

    `columns` names the file's columns, as its metadata does. A file in UTF-16 becomes UTF-8. A file
    that is not CSV is reported as unreadable.
    """
    try:
        text = TextStream(lambda start: iter([body[start:]]))
        rows = CsvText(text, parse_columns(columns, CSV_COLUMNS))
        content = b"".join(text.blocks(0))
        kept, found = [content[: rows.layout.position]], 0
        end = rows.layout.position
        for row, begin, end in rows.extents():
            if who.is_named(str(row[0])):
                found += 1
            else:
                kept.append(content[begin:end])
    except (UnreadableError, UserError):  # the latter: columns that nobody could read
        return Redaction(body=body, unreadable=True)
    if not found:
        return Redaction(body=body)
    new = b"".join([*kept, content[end:]])
    return Redaction(found=found, body=gzip.compress(new) if body.startswith(_GZIP) else new)
