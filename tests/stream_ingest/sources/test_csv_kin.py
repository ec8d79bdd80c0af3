"""Kin of the files in tests/cases/csv: each gives the three rows that it means, or one error."""

from __future__ import annotations

import functools
import gzip

import pytest

from stream_ingest.records.rows import CoverRow, admit
from stream_ingest.sources.csv_text import CsvText
from stream_ingest.sources.source import CSV_COLUMNS
from stream_ingest.sources.text_stream import TextStream, UnreadableError
from tests.fakes.ingest.blocks import opener
from tests.fakes.ingest.rows import NOW_S, cover_url

packed = functools.partial(gzip.compress, mtime=0)
"""The same bytes in every process, since they are parts of the names of tests."""

HEADER = "creator_name,cover_url,created_at"
URLS = [cover_url(number, expires=NOW_S + 3_600) for number in range(3)]
ROWS = [
    f"{name},{url},2025-01-19 12:00:00"
    for name, url in zip(("charli", "josé", "bella"), URLS, strict=True)
]
PLAIN = "\n".join([HEADER, *ROWS, ""])
TABS = PLAIN.replace(",", "\t")


def text_of(data: bytes, size: int = 64) -> CsvText:
    return CsvText(TextStream(opener(data, size)), CSV_COLUMNS)


def rows_of(data: bytes, size: int = 64) -> list[CoverRow]:
    rows = [admit(*row, NOW_S) for page in text_of(data, size).pages() for row in page.rows]
    assert all(isinstance(row, CoverRow) for row in rows), rows
    return [row for row in rows if isinstance(row, CoverRow)]


def quoted(text: str, mark: str) -> str:
    lines = [mark.join(f'"{field}"' for field in line.split(mark)) for line in text.splitlines()]
    return "\n".join([*lines, ""])


KIN: dict[str, bytes] = {
    "utf-16 le without a mark": PLAIN.encode("utf-16-le"),
    "utf-16 be with a mark": b"\xfe\xff" + PLAIN.encode("utf-16-be"),
    "utf-32 be with a mark": b"\0\0\xfe\xff" + PLAIN.encode("utf-32-be"),
    "cr only": PLAIN.replace("\n", "\r").encode(),
    "mixed line ends": "\r".join([HEADER, ROWS[0] + "\r\n" + ROWS[1], ROWS[2]]).encode(),
    "tab with quotes": quoted(TABS, "\t").encode(),
    "sep tab": f"sep=\t\n{TABS}".encode(),
    "sep in quotes": f'"sep=;"\r\n{PLAIN.replace(",", ";")}'.encode(),
    "sep in capitals with a mark": f"\ufeffSEP=|\n{PLAIN.replace(',', '|')}".encode(),
    "sep in utf-16": f"sep=;\n{PLAIN.replace(',', ';')}".encode("utf-16"),
    "trailing delimiter": PLAIN.replace("\n", ",\n").encode(),
    "trailing delimiter in rows only": PLAIN.replace("00\n", "00,\n").encode(),
    "quoted header": PLAIN.replace(HEADER, quoted(HEADER, ",").strip()).encode(),
    "blanks in the header": PLAIN.replace(HEADER, HEADER.replace(",", " , ")).encode(),
    "invisible characters": PLAIN.replace("cover_url", "\u200bcover\u00ad_url\u2060").encode(),
    "other columns of equal names": "\n".join(
        [f"note,{HEADER},note", *(f"x,{row},y" for row in ROWS)]
    ).encode(),
    "lines before the header": f"\n \n,,\n{PLAIN}".encode(),
    "gzip in members": b"".join(packed(line.encode()) for line in PLAIN.splitlines(keepends=True)),
    "gzip of gzip's padding": packed(PLAIN.encode()) + b"\0" * 512,
    "ctrl-z": PLAIN.encode() + b"\x1a",
    "no end of line": PLAIN.rstrip("\n").encode(),
    "blanks around values": (PLAIN.replace(",http", ", http").replace(",2025", " , 2025").encode()),
    "mac dates": PLAIN.replace("2025-01-19 12:00:00", "1/19/2025 12:00 PM").encode(),
}


@pytest.mark.parametrize("name", KIN)
@pytest.mark.parametrize("size", [1, 1 << 16])
def test_every_kin_gives_its_three_rows(name: str, size: int) -> None:
    rows = rows_of(KIN[name], size)
    assert [row.creator for row in rows] == ["charli", "josé", "bella"]
    assert [row.url for row in rows] == URLS


def test_a_mark_between_files_that_were_put_together_is_part_of_no_name() -> None:
    """``cat a.csv b.csv``: the second header is a row, and is refused as one."""
    second = "\ufeff" + PLAIN
    rows = [row for page in text_of((PLAIN + second).encode()).pages() for row in page.rows]
    outcomes = [admit(*row, NOW_S) for row in rows]
    accepted = [row.creator for row in outcomes if isinstance(row, CoverRow)]
    assert accepted == ["charli", "josé", "bella"] * 2
    assert len(outcomes) == 7


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (packed(PLAIN.encode())[:-9], "the gzip file ends too early"),
        (b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml", r"an Excel workbook \(\.xlsx\)"),
        (b"PK\x03\x04" + b"\0" * 26 + b"covers.csv", "a zip file, not CSV: unpack it"),
        (b"PK\x03\x04" + b"\0" * 26 + b"Index/Document.iwa", "a Numbers document"),
        (b"PK\x03\x04" + b"\0" * 26 + b"mimetypeapplication/vnd.oasis", "LibreOffice"),
        (packed(b"PAR1" + b"\0" * 99), "a Parquet file"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 99, r"an old Excel workbook \(\.xls\)"),
        (b"%PDF-1.7", "a PDF file"),
        (b"\xff\xd8\xff\xe0", "a JPEG image"),
        (b'[{"creator_name": "a"}]', "this is JSON, not CSV"),
        (b'{"creator_name": "a"}\n', "this is JSON, not CSV"),
        (b"<!doctype html>", "this is HTML or XML"),
        (
            PLAIN.replace(HEADER, "creator_name,cover_url,thumbnail").encode(),
            "no column created_at",
        ),
        (PLAIN.replace(HEADER, "author,username,cover_url,created_at").encode(), "could both be"),
        (PLAIN.partition("\n")[2].encode(), "the file has no header; its first row is charli"),
        (b"", "the file has no column .* its header is empty"),
    ],
)
def test_what_cannot_be_read_is_an_error_that_says_what_to_do(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        list(text_of(data).pages())


def test_a_nul_within_a_row_spoils_only_that_row() -> None:
    data = PLAIN.replace("charli", "char\0li").encode()
    rows = [row for page in text_of(data).pages() for row in page.rows]
    outcomes = [admit(*row, NOW_S) for row in rows]
    assert [isinstance(row, CoverRow) for row in outcomes] == [False, True, True]


def test_of_columns_with_one_name_the_first_is_read() -> None:
    header = f"{HEADER},creator_name"
    data = "\n".join([header, *(f"{row},other" for row in ROWS)]).encode()
    assert [row.creator for row in rows_of(data)] == ["charli", "josé", "bella"]
