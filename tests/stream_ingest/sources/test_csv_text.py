from __future__ import annotations

import codecs
import csv
import gzip
import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.sources import csv_rows, csv_text
from stream_ingest.sources.csv_text import CsvText
from stream_ingest.sources.source import CSV_COLUMNS, Cursor, Page, SourceRow
from stream_ingest.sources.text_stream import TextStream, UnreadableError
from tests.fakes.ingest.blocks import opener

HEADER = ["creator_name", "cover_url", "created_at"]
ROWS = [
    ["ann", "https://e.com/1", "2026-11-01"],
    ["Zoë 🤡", '{"a": "x,y"}', "2026-11-02"],
    ["multi\r\nline", "tab\tbar|semi;", ""],
    ["", "", "2026-11-04"],
    ["ben", "two\n\nlines", "2026-11-03"],
]


def pages_of(data: bytes, after: Cursor | None = None, size: int = 1 << 20) -> list[Page]:
    return list(CsvText(TextStream(opener(data, size)), CSV_COLUMNS).pages(after))


def rows_of(data: bytes, after: Cursor | None = None, size: int = 1 << 20) -> list[SourceRow]:
    return [row for page in pages_of(data, after, size) for row in page.rows]


def written(
    rows: list[list[str]], delimiter: str = ",", end: str = "\n", header: list[str] | None = None
) -> str:
    file = io.StringIO(newline="")
    # Left to itself the writer quotes only those ends of line that it writes.
    quoting = csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([header or HEADER, *rows])
    return file.getvalue()


ENCODINGS = {
    "utf-8": lambda text: text.encode(),
    "utf-8 with a mark": lambda text: text.encode("utf-8-sig"),
    "utf-16 with a mark": lambda text: text.encode("utf-16"),
    "utf-16 big-endian with a mark": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "utf-16 without a mark": lambda text: text.encode("utf-16-le"),
    "utf-16 big-endian without a mark": lambda text: text.encode("utf-16-be"),
    "utf-32": lambda text: text.encode("utf-32"),
    "gzip": lambda text: gzip.compress(text.encode()),
    "gzip in two members": lambda text: (
        gzip.compress(text[:40].encode()) + gzip.compress(text[40:].encode())
    ),
    "gzip of utf-16": lambda text: gzip.compress(text.encode("utf-16")),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"], ids=["comma", "semi", "tab", "bar"])
def test_every_dialect_gives_the_same_rows(encoding: str, end: str, delimiter: str) -> None:
    data = ENCODINGS[encoding](written(ROWS, delimiter, end))
    assert rows_of(data) == [tuple(row) for row in ROWS]


def test_columns_may_come_in_any_order_among_others_and_in_any_case() -> None:
    header = ["id", " Created_At ", "COVER_URL", "note", "Creator_Name"]
    rows = [["7", "2026", "u", "n", "ann"]]
    assert rows_of(written(rows, header=header).encode()) == [("ann", "u", "2026")]


def test_empty_lines_are_skipped_and_a_short_row_has_empty_values() -> None:
    data = b"\n\ncreator_name,cover_url,created_at\n\nann\n\r\nben,u,w,more\n\n"
    assert rows_of(data) == [("ann", "", ""), ("ben", "u", "w")]


def test_invalid_bytes_spoil_only_their_own_value() -> None:
    data = written([["Zoë", "u", "w"]]).encode() + b"Zo\xeb,v,w\nben,x,y\n"
    assert rows_of(data) == [("Zoë", "u", "w"), ("Zo\udceb", "v", "w"), ("ben", "x", "y")]


@pytest.mark.parametrize("size", [1, 5, 1 << 20])
def test_a_file_with_more_windows_1252_than_utf_8_is_read_as_that_from_any_row(size: int) -> None:
    names = ["ann", "José", "Müller", "Zoë “€”", "ben"]
    data = written([[name, "u", "w"] for name in names]).encode("cp1252")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_text, "PAGE_ROWS", 1)
        pages = pages_of(data, size=size)
        assert [row[0] for page in pages for row in page.rows] == names
        for done, page in enumerate(pages, start=1):
            assert [row[0] for row in rows_of(data, page.cursor, size)] == names[done:]


def test_windows_1252_is_reported_and_utf_8_is_not() -> None:
    for encoding, remark in (("cp1252", "Windows-1252"), ("utf-8", None), ("utf-8-sig", None)):
        text = CsvText(
            TextStream(opener(written([["é", "u", "w"]]).encode(encoding), 9)), CSV_COLUMNS
        )
        list(text.pages())
        assert (text.remarks == ()) if remark is None else (remark in text.remarks[0])


@pytest.mark.parametrize(
    "broken",
    ['ann,"he said "hi" there",w', 'ann,"u" ,w', 'ann,"u"x,w'],
)
def test_a_row_of_one_line_with_wrong_quotes_costs_no_other_row(broken: str) -> None:
    rows = rows_of(f"creator_name,cover_url,created_at\n{broken}\nben,u,w\n".encode())
    assert len(rows) == 2
    assert (rows[0][0], rows[0][2], rows[1]) == ("ann", "w", ("ben", "u", "w"))


def test_a_quote_that_a_later_row_closes_swallows_no_row() -> None:
    """A lenient reader makes one row of the two, and nobody misses the other."""
    error, rows = trouble(TWO.encode() + b'carl,"u,w\ndora,"u",w\nemil,u,w\n')
    assert (error.line, len(rows)) == (5, 2)
    assert error.reason == "a quote is opened and never closed"


@pytest.mark.parametrize(
    "tail", [",,\n" * 4_000, ";" * 9 + "\n", "\0" * 300_000, "\x1a", " , , \n"]
)
@pytest.mark.parametrize("size", [1 << 10, 1 << 20])
def test_what_spreadsheets_leave_at_the_end_is_no_row(tail: str, size: int) -> None:
    data = written([["ann", "u", "w"]], ";" if tail[0] == ";" else ",").encode() + tail.encode()
    assert rows_of(data, size=size) == [("ann", "u", "w")]


TABLES = st.lists(
    st.lists(st.text(alphabet='a,;"\r\né🤡 ', max_size=6), min_size=3, max_size=3), max_size=12
)


@given(
    table=TABLES,
    encoding=st.sampled_from(sorted(ENCODINGS)),
    end=st.sampled_from(["\n", "\r\n"]),
    size=st.integers(min_value=1, max_value=50),
    page_rows=st.integers(min_value=1, max_value=4),
)
def test_any_block_size_gives_the_same_rows_and_reading_can_resume_after_any_page(
    table: list[list[str]], encoding: str, end: str, size: int, page_rows: int
) -> None:
    data = ENCODINGS[encoding](written(table, end=end))
    expected = [tuple(row) for row in table if any(field.strip() for field in row)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_text, "PAGE_ROWS", page_rows)
        pages = pages_of(data, size=size)
        done: list[SourceRow] = []
        assert [row for page in pages for row in page.rows] == expected
        for page in pages:
            done += page.rows
            rest = rows_of(data, page.cursor, size)
            assert done + rest == expected


def test_a_page_ends_when_enough_bytes_were_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that memory does not grow with the length of rows."""
    monkeypatch.setattr(csv_text, "PAGE_BYTES", 1_000)
    data = written([["ann", "x" * 400, ""]] * 10).encode()
    assert [len(page.rows) for page in pages_of(data)] == [3, 3, 3, 1]


def trouble(data: bytes, size: int = 1 << 20) -> tuple[UnreadableError, list[SourceRow]]:
    """Return what is said of a file, and the rows before."""
    rows: list[SourceRow] = []
    text = CsvText(TextStream(opener(data, size)), CSV_COLUMNS)

    def read() -> None:
        for page in text.pages():
            rows.extend(page.rows)

    with pytest.raises(UnreadableError) as caught:
        read()
    return caught.value, rows


TWO = written([["ann", "two\nlines", "w"], ["ben", "u", "w"]])


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_an_unclosed_quote_is_an_error_with_the_first_line_of_its_row(
    size: int,
) -> None:
    error, rows = trouble(TWO.encode() + b'carl,"u,w\ndora,u,w\n', size)
    assert (error.line, error.reason) == (5, "a quote is opened and never closed")
    assert len(rows) == 2


def test_a_row_over_the_limit_is_an_error_and_not_kept_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(csv_rows, "MAX_ROW_BYTES", 1 << 10)
    for row in (b"x" * 5_000, b'"' + b"x\n" * 5_000):
        error, rows = trouble(TWO.encode() + row, size=300)
        assert "a row of more than" in error.reason
        assert error.line >= 5
        assert len(rows) == 2


def test_truncated_or_broken_gzip_is_an_error_with_the_line() -> None:
    packed = gzip.compress(written([[f"c{n}", "u", "w"] for n in range(5_000)]).encode())
    error, rows = trouble(packed[:-100])
    assert "ends too early" in error.reason
    assert error.line == len(rows) + 2
    broken = packed[: len(packed) // 2] + b"\xff" * 50 + packed[len(packed) // 2 + 50 :]
    error, rows = trouble(broken, size=64)
    assert "broken" in error.reason
    assert error.line == len(rows) + 2 > 2


def test_half_a_utf_16_character_is_an_error() -> None:
    error, rows = trouble(TWO.encode("utf-16") + b"x")
    assert "utf-16" in error.reason
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "its header is empty"),
        (b"\n\n", "its header is empty"),
        (b"creator,url\nann,u\n", "no column cover_url, created_at; its header is creator, url"),
        (b"PK;\x00\x00junk" * 100, "no column creator_name"),
        (b"x" * (2 << 20), "no column creator_name"),
    ],
    ids=["nothing", "blank", "columns", "bytes", "no line"],
)
def test_the_error_for_a_missing_column_shows_the_header(data: bytes, said: str) -> None:
    with pytest.raises(UnreadableError, match=said) as caught:
        pages_of(data)
    assert caught.value.line >= 1
    assert len(caught.value.reason) < 500


def test_a_plain_file_is_opened_at_its_position_and_not_read_from_the_beginning() -> None:
    data = b"\xef\xbb\xbf" + TWO.encode()
    (page,) = pages_of(data)
    opened: list[int] = []

    def open_at(start: int) -> Iterator[bytes]:
        opened.append(start)
        return opener(data, 10)(start)

    text = CsvText(TextStream(open_at), CSV_COLUMNS)
    opened.clear()
    assert list(text.pages(page.cursor)) == []
    assert opened == [len(data)]
