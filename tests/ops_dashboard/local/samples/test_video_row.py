from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta, timezone

from ops_dashboard.local.samples.video_row import (
    CSV_COLUMNS,
    VideoRow,
    csv_bytes,
    spreadsheet_bytes,
    stored_date,
)
from stream_ingest.sources.csv_text import CsvText
from stream_ingest.sources.source import CSV_COLUMNS as INTAKE_COLUMNS
from stream_ingest.sources.source import SourceRow
from stream_ingest.sources.text_stream import TextStream

MORNING = datetime(2026, 11, 20, 9, 30, 15, tzinfo=timezone(timedelta(hours=9)))


def test_a_date_is_written_in_utc_without_a_zone() -> None:
    assert stored_date(VideoRow("a", "b", MORNING)) == "2026-11-20 00:30:15"
    assert stored_date(VideoRow("a", "b", MORNING.astimezone(UTC))) == "2026-11-20 00:30:15"


def test_a_missing_date_is_written_as_mysqls_zero_date() -> None:
    assert stored_date(VideoRow("a", "b", None)) == "0000-00-00 00:00:00"


def test_any_text_survives_a_csv_file() -> None:
    texts = ['{"a":"b, c"}', "line\nbreak", "nul\0byte", "🌸", 'quote"d', "", " padded "]
    rows = [VideoRow(text, text, MORNING) for text in texts]
    header, *found = csv.reader(io.StringIO(csv_bytes(rows).decode(), newline=""))
    assert tuple(header) == CSV_COLUMNS
    assert found == [[text, text, "2026-11-20 00:30:15"] for text in texts]


def test_null_becomes_an_empty_field() -> None:
    assert csv_bytes([VideoRow(None, None, None)]).splitlines()[1] == b",,0000-00-00 00:00:00"


def test_a_spreadsheets_file_has_the_documented_format() -> None:
    data = spreadsheet_bytes([VideoRow("ann", "https://e.com/1", MORNING)] * 2)
    assert data.startswith(b"\xef\xbb\xbfId;Created_At;Creator_Name;Note;Cover_URL\r\n1;")
    assert b'"checked by Ana;\nask Leo"' in data


def test_the_intake_reads_the_same_rows_from_a_spreadsheets_file() -> None:
    texts = ["ann", "chess; with sam", 'the "quoted" club', "nul\0byte", '{"a":["b;c","d,e"]}', ""]
    rows = [VideoRow(text, text, MORNING) for text in texts]
    assert rows_of(spreadsheet_bytes(rows)) == rows_of(csv_bytes(rows))
    assert rows_of(spreadsheet_bytes(rows))[1][0] == "chess; with sam"


def rows_of(data: bytes) -> list[SourceRow]:
    """Return rows as the intake reads them from a file."""
    text = TextStream(lambda start: iter([data[start:]] if data[start:] else []))
    return [row for page in CsvText(text, INTAKE_COLUMNS).pages() for row in page.rows]
