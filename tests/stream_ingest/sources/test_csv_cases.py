"""Files as people have them (tests/cases/csv): each gives the rows that it means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_ingest.records.rows import CoverRow, admit
from stream_ingest.sources.csv_text import CsvText
from stream_ingest.sources.source import CSV_COLUMNS, SourceRow
from stream_ingest.sources.text_stream import TextStream, UnreadableError

CASES = Path(__file__).parents[2] / "cases" / "csv"
NOW_S = 1_800_000_000
OTHERS = {"backslash_escape.csv", "ms.csv", "unclosed.csv"}


def rows_in(name: str) -> list[SourceRow]:
    def open_at(start: int) -> Iterator[bytes]:
        if data := (CASES / name).read_bytes()[start:]:
            yield data

    text = CsvText(TextStream(open_at), CSV_COLUMNS)
    return [row for page in text.pages() for row in page.rows]


@pytest.mark.parametrize(
    "name", sorted(each.name for each in CASES.iterdir() if each.name not in OTHERS)
)
def test_every_dialect_of_a_spreadsheet_gives_the_same_three_rows(name: str) -> None:
    rows = [admit(*row, NOW_S) for row in rows_in(name)]
    assert [row.creator for row in rows] == ["charli", "josé", "bella"]
    assert all(isinstance(row, CoverRow) for row in rows)


def test_escaped_quotes_of_a_mysql_export_are_undone() -> None:
    (row,) = [admit(*each, NOW_S) for each in rows_in("backslash_escape.csv")]
    assert isinstance(row, CoverRow)
    assert row.url.endswith("/csv9?x-expires=1999999999&x-signature=s9")


def test_a_quote_that_is_never_closed_is_an_error_with_its_line() -> None:
    with pytest.raises(UnreadableError, match="line 2: a quote is opened and never closed"):
        rows_in("unclosed.csv")
