from __future__ import annotations

import asyncio
import gzip
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources import csv_text
from stream_ingest.sources.creator_filter import CreatorFilter
from stream_ingest.sources.csv_file import CsvSource
from stream_ingest.sources.source import CSV_COLUMNS, Columns, Cursor, Page, SourceRow
from stream_ingest.sources.timerange import TimeRange

HEADER = b"creator_name,cover_url,created_at\n"


def source_of(
    path: Path,
    columns: Columns = CSV_COLUMNS,
    within: TimeRange | None = None,
    creators: Sequence[str] = (),
) -> CsvSource:
    return CsvSource(path, columns, within=within or TimeRange(), creators=CreatorFilter(creators))


def pages_of(source: CsvSource, after: Cursor | None = None) -> list[Page]:
    async def read() -> list[Page]:
        return [page async for page in source.pages(after)]

    return asyncio.run(read())


def rows_of(source: CsvSource, after: Cursor | None = None) -> list[SourceRow]:
    return [row for page in pages_of(source, after) for row in page.rows]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rows.csv"


ANN, BEN = b"ann,https://e.com/1,2026-11-01", b"ben,https://e.com/2,2026-11-02"
OTHER_ORDER = b"created_at,id,cover_url,creator_name\n2026-11-01,7,https://e.com/1,ann\n"


@pytest.mark.parametrize(
    "content",
    [
        HEADER + ANN + b"\n" + BEN + b"\n",
        HEADER + ANN + b"\n" + BEN,
        b"\xef\xbb\xbf" + HEADER + ANN + b"\n" + BEN + b"\n",
        HEADER.replace(b"\n", b"\r\n") + ANN + b"\r\n" + BEN + b"\r\n",
        HEADER + b"\n" + ANN + b"\n\n\n" + BEN + b"\n\n",
        OTHER_ORDER + b"2026-11-02,8,https://e.com/2,ben\n",
        HEADER.replace(b",", b" , ") + ANN + b"\n" + BEN + b"\n",
        HEADER + b'"ann","https://e.com/1","2026-11-01",extra\n' + BEN + b"\n",
    ],
    ids=["plain", "no end", "bom", "crlf", "blank lines", "order", "spaces", "quotes and extra"],
)
def test_files_of_every_spreadsheet_are_read_alike(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert rows_of(source_of(file)) == [
        ("ann", "https://e.com/1", "2026-11-01"),
        ("ben", "https://e.com/2", "2026-11-02"),
    ]


def test_quoted_newlines_quotes_and_commas_are_part_of_a_value(file: Path) -> None:
    file.write_bytes(HEADER + b'"a,n\r\nn","{""cover"": ""x""}",2026-11-01\n')
    assert rows_of(source_of(file)) == [("a,n\r\nn", '{"cover": "x"}', "2026-11-01")]


def test_a_row_that_is_too_short_has_empty_values(file: Path) -> None:
    """It is refused there under its reason, and so counted."""
    file.write_bytes(HEADER + b"ann\n")
    assert rows_of(source_of(file)) == [("ann", "", "")]


def test_columns_may_have_other_names(file: Path) -> None:
    file.write_bytes("who,url,when\nZoë,u,w\n".encode())
    columns = Columns(creator="who", cover="url", created_at="when")
    assert rows_of(source_of(file, columns)) == [("Zoë", "u", "w")]


def test_a_value_may_be_as_long_as_a_cover_column_in_mysql(file: Path) -> None:
    """The csv module's own limit is 128 KB a field."""
    file.write_bytes(HEADER + b"ann," + b"x" * 1_000_000 + b",2026-11-01\n")
    ((_, cover, _),) = rows_of(source_of(file))
    assert len(str(cover)) == 1_000_000


def complaint(file: Path) -> str:
    """Return what is said of a file, by `check` as well as by reading where both look."""
    with pytest.raises(UserError) as caught:
        rows_of(source_of(file))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_error_for_a_missing_column_lists_the_columns(file: Path) -> None:
    file.write_bytes(b"who,cover_url,when\nann,u,w\n")
    said = complaint(file)
    assert "no column creator_name, created_at" in said
    assert "its header is who, cover_url, when" in said
    with pytest.raises(UserError, match="no column"):
        asyncio.run(source_of(file).check())


def test_an_empty_file_has_no_columns(file: Path) -> None:
    file.write_bytes(b"")
    assert "its header is empty" in complaint(file)


def test_another_encoding_is_read_and_reported(file: Path) -> None:
    file.write_bytes(HEADER + b"Zo\xeb,u,2026-11-01\n")
    source = source_of(file)
    assert rows_of(source) == [("Zoë", "u", "2026-11-01")]
    assert source.remarks == ("the file is not UTF-8; it was read as Windows-1252",)


def test_a_compressed_file_is_read(file: Path) -> None:
    file.write_bytes(gzip.compress(HEADER + ANN + b"\n"))
    assert rows_of(source_of(file)) == [("ann", "https://e.com/1", "2026-11-01")]


def test_a_quote_that_is_never_closed_is_an_error_after_the_rows_before_it(file: Path) -> None:
    file.write_bytes(HEADER + ANN + b'\nben,"u,w\n' + BEN * 100)
    assert complaint(file) == f"{file}, line 3: a quote is opened and never closed"


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_cannot_be_opened_is_a_user_error(tmp_path: Path, name: str) -> None:
    assert "cannot read" in complaint(tmp_path / name)
    with pytest.raises(UserError, match="cannot read"):
        asyncio.run(source_of(tmp_path / name).check())


def test_only_rows_in_range_or_with_bad_dates_are_read(file: Path) -> None:
    dates = ["2026-10-31 23:59:59", "2026-11-01", "2026-11-30T23:59:59Z", "2026-12-01", "soon", ""]
    dates += ["last_7_days", "0001-01-01T00:00:00+01:00", "2026-12-01T00:30:00+01:00"]
    file.write_bytes(HEADER + "".join(f"ann,u,{date}\n" for date in dates).encode())
    november = TimeRange(
        since=datetime(2026, 11, 1, tzinfo=UTC), until=datetime(2026, 12, 1, tzinfo=UTC)
    )
    assert [row[2] for row in rows_of(source_of(file, within=november))] == [
        "2026-11-01",
        "2026-11-30T23:59:59Z",
        "soon",
        "",
        "last_7_days",
        "0001-01-01T00:00:00+01:00",
        "2026-12-01T00:30:00+01:00",
    ]


def test_only_the_creators_that_were_named_are_read(file: Path) -> None:
    file.write_bytes(HEADER + b"ann,1,w\nben,2,w\nAnn,3,w\nann,4,w\n")
    assert [row[1] for row in rows_of(source_of(file, creators=["ann", "x"]))] == ["1", "4"]


def test_reading_resumes_at_a_pages_cursor(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_text, "PAGE_ROWS", 3)
    lines = [f"{'ann' if n % 3 else 'ben'},{n},w\n" + "\n" * (n % 2) for n in range(20)]
    file.write_bytes(HEADER + "".join(lines).encode())
    source = source_of(file, creators=["ann"])
    pages = pages_of(source)
    everything = [row for page in pages for row in page.rows]
    assert [row[1] for row in everything] == [str(n) for n in range(20) if n % 3]
    for index, page in enumerate(pages):
        rest = [row for each in pages[index + 1 :] for row in each.rows]
        assert rows_of(source, page.cursor) == rest


def test_a_checkpoint_that_counts_rows_still_resumes(file: Path) -> None:
    """Earlier versions wrote the number of rows, empty lines included."""
    lines = [f"ann,{n},w\n" + "\n" * (n % 2) for n in range(20)]
    file.write_bytes(HEADER + "".join(lines).encode())
    assert [row[1] for row in rows_of(source_of(file), (15,))] == [str(n) for n in range(10, 20)]
