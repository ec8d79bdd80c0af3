"""A row of the table videos_links, and its formats in MySQL and CSV. Pure."""

from __future__ import annotations

import codecs
import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

CSV_COLUMNS = ("creator_name", "cover_url", "created_at")
ZERO_DATE = "0000-00-00 00:00:00"
"""What MySQL stores for an invalid date."""
_NOTES = ("", "", "checked by Ana;\nask Leo", "")


class VideoRow(NamedTuple):
    """A creator, the text of the cover column, and an aware date.

    None is NULL in SQL; for `created_at` it is MySQL's zero date.
    """

    creator: str | None
    cover: str | None
    created_at: datetime | None


def stored_date(row: VideoRow) -> str:
    """Return the date as MySQL and its exports write it: in UTC, without a zone."""
    if row.created_at is None:
        return ZERO_DATE
    return f"{row.created_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def spreadsheet_bytes(rows: Iterable[VideoRow]) -> bytes:
    """Return rows as a spreadsheet program saves them, with the values of `csv_bytes`.

    UTF-8 with a byte order mark, semicolons, CRLF, capitalized names, additional columns, and some
    notes of two lines.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(("Id", "Created_At", "Creator_Name", "Note", "Cover_URL"))
    writer.writerows(
        (number, stored_date(row), row.creator, _NOTES[number % len(_NOTES)], row.cover)
        for number, row in enumerate(rows, start=1)
    )
    return codecs.BOM_UTF8 + text.getvalue().encode()


def csv_bytes(rows: Iterable[VideoRow]) -> bytes:
    """Return rows as a UTF-8 CSV file with a header; NULL becomes an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows((row.creator, row.cover, stored_date(row)) for row in rows)
    return text.getvalue().encode()
