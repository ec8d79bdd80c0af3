from __future__ import annotations

from pathlib import Path

import pytest

from ops_dashboard.console.api.csv_check import TextCheck, check_columns, check_name
from stream_ingest.contracts.errors import UserError

HEADER = b"creator_name,cover_url,created_at\n"


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("a.csv", "a.csv"),
        ("A.CSV", "A.CSV"),
        ("../../etc/x.csv", "x.csv"),
        ("C:\\t\\y.csv", "y.csv"),
    ],
)
def test_a_csv_file_name_loses_its_folders(name: str, own: str) -> None:
    assert check_name(name, "text/csv") == own
    assert check_name(name, "application/vnd.ms-excel") == own


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.xlsx", "text/csv"),
        ("", "text/csv"),
        ("a.csv.exe", "text/csv"),
        ("a.csv", "image/png"),
        ("a.csv", ""),
    ],
)
def test_another_name_or_content_type_is_refused(name: str, kind: str) -> None:
    with pytest.raises(UserError):
        check_name(name, kind)


def test_a_character_may_be_split_between_two_chunks() -> None:
    check = TextCheck()
    data = "é".encode()
    check.check(data[:1])
    check.check(data[1:], last=True)
    assert check.size == 2


@pytest.mark.parametrize("chunks", [[b"\xff"], [b"a\0b"], [b"ok", b"\xc3"]])
def test_bytes_that_are_not_utf8_text_are_refused(chunks: list[bytes]) -> None:
    check = TextCheck()
    with pytest.raises(UserError, match=r"not text|not UTF-8"):  # noqa: PT012 - any chunk may raise
        for chunk in chunks:
            check.check(chunk)
        check.check(b"", last=True)


def test_a_file_is_refused_as_soon_as_it_is_too_large() -> None:
    check = TextCheck(max_bytes=1 << 20)
    check.check(b"x" * (1 << 20))
    with pytest.raises(UserError, match="larger than 1 MB"):
        check.check(b"x")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "lacks creator_name and cover_url and created_at; it has nothing"),
        (b"creator_name,created_at\na,b\n", "lacks cover_url; it has creator_name, created_at"),
        (HEADER, "no rows"),
        (HEADER + b"\n\n", "no rows"),
    ],
)
def test_a_file_without_the_columns_or_rows_is_refused(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=problem):
        check_columns(path)


def test_the_error_names_the_line_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(HEADER + b'"' + b"x" * 2_000 + b'",y,z\n')
    with pytest.raises(UserError, match="line 2 cannot be read as CSV"):
        check_columns(path, max_field_bytes=1_000)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_columns_may_be_in_any_order_among_others_after_a_byte_order_mark(
    tmp_path: Path, mark: bytes
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(mark + b"id,created_at, creator_name ,cover_url\n1,2,3,4\n")
    check_columns(path)
