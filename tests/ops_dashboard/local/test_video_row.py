from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta, timezone

from ops_dashboard.local.video_row import CSV_COLUMNS, VideoRow, csv_bytes, stored_date

MORNING = datetime(2026, 11, 20, 9, 30, 15, tzinfo=timezone(timedelta(hours=9)))


def test_a_date_is_written_in_utc_without_a_zone() -> None:
    assert stored_date(VideoRow("a", "b", MORNING)) == "2026-11-20 00:30:15"
    assert stored_date(VideoRow("a", "b", MORNING.astimezone(UTC))) == "2026-11-20 00:30:15"


def test_no_date_is_written_as_mysqls_zero_date() -> None:
    assert stored_date(VideoRow("a", "b", None)) == "0000-00-00 00:00:00"


def test_any_text_comes_back_from_a_csv_file() -> None:
    texts = ['{"a":"b, c"}', "line\nbreak", "nul\0byte", "🌸", 'quote"d', "", " padded "]
    rows = [VideoRow(text, text, MORNING) for text in texts]
    header, *found = csv.reader(io.StringIO(csv_bytes(rows).decode(), newline=""))
    assert tuple(header) == CSV_COLUMNS
    assert found == [[text, text, "2026-11-20 00:30:15"] for text in texts]


def test_null_becomes_an_empty_field() -> None:
    assert csv_bytes([VideoRow(None, None, None)]).splitlines()[1] == b",,0000-00-00 00:00:00"
