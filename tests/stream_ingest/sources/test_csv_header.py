from __future__ import annotations

import pytest

from stream_ingest.sources.csv_text import CsvText
from stream_ingest.sources.source import CSV_COLUMNS, Columns, SourceRow
from stream_ingest.sources.text_stream import TextStream, UnreadableError
from tests.fakes.ingest.blocks import opener


def rows_of(data: bytes, columns: Columns = CSV_COLUMNS) -> list[SourceRow]:
    pages = CsvText(TextStream(opener(data, 99)), columns).pages()
    return [row for page in pages for row in page.rows]


@pytest.mark.parametrize(
    "text",
    [
        "creator,cover,created_at\nann,u,w",
        "Creator Name;Cover URL;Created At\nann;u;w",
        "coverUrl\tcreatorName\tcreatedAt\nu\tann\tw",
        '\ufeff\ufeff"creator_name",cover_url,created_at\nann,u,w',
        "\u200bcreator_name,cover_url\xa0,created_at\nann,u,w",
        "username|thumbnail|date\nann|u|w",
        "cover_url,creator,author,created_at\nu,ann,x,w",
        "creator,creator_name,cover_url,created_at\nx,ann,u,w",
        "sep=|\ncreator|cover|created_at\nann|u|w",
        '"sep=^"\r\ncreator_name^cover_url^created_at\r\nann^u^w',
    ],
)
def test_columns_are_recognised_by_their_usual_names(text: str) -> None:
    assert rows_of(text.encode()) == [("ann", "u", "w")]


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("username,handle,cover_url,created_at", "username and handle could both be creator_name"),
        ("creator_name,thumbnail,coverimage,created_at", "could both be cover_url"),
    ],
)
def test_a_header_that_could_be_read_in_two_ways_is_refused(header: str, why: str) -> None:
    with pytest.raises(UnreadableError, match=why):
        rows_of(f"{header}\na,b,c,d\n".encode())


def test_a_column_that_the_caller_names_has_no_other_names() -> None:
    columns = Columns(creator="who", cover="cover_url", created_at="created_at")
    data = b"creator,cover,created_at,WHO\nx,u,w,ann\n"
    assert rows_of(data, columns) == [("ann", "u", "w")]
    with pytest.raises(UnreadableError, match="no column who"):
        rows_of(b"creator,cover,created_at\n", columns)
