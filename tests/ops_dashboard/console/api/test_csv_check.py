from __future__ import annotations

from pathlib import Path

import pytest

from ops_dashboard.console.api.csv_check import SizeLimit, check_name, check_rows
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.reading import Reading

HEADER = b"creator_name,cover_url,created_at\n"


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("a.csv", "a.csv"),
        ("A.CSV.gz", "A.CSV.gz"),
        ("b.tsv", "b.tsv"),
        ("../../etc/x.txt", "x.txt"),
        ("C:\\t\\y.csv", "y.csv"),
    ],
)
def test_a_csv_file_name_loses_its_folders(name: str, own: str) -> None:
    assert check_name(name) == own


@pytest.mark.parametrize("name", ["a.xlsx", "", "a.csv.exe", "a.gz", "csv"])
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="is not a CSV file"):
        check_name(name)


def test_a_file_is_refused_as_soon_as_it_is_too_large() -> None:
    limit = SizeLimit(max_bytes=1 << 20)
    assert limit.count(b"x" * (1 << 20)) == b"x" * (1 << 20)
    with pytest.raises(UserError, match="larger than 1 MB"):
        limit.count(b"x")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no column creator_name, cover_url, created_at; its header is empty"),
        (b"creator_name,created_at\na,b\n", "no column cover_url; its header is creator_name"),
        (HEADER, "no rows"),
        (HEADER + b"\n,,\n", "no rows"),
        (HEADER + b"a,b,c\n" * 9_000 + b'd,"e,f\n', "line 9002: a quote is opened"),
    ],
)
def test_a_file_that_cannot_be_pushed_is_refused(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=problem):
        check_rows(path, Reading())


def test_the_way_in_which_a_file_was_read_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(HEADER + "é,b,c\n".encode("cp1252"))
    (remark,) = check_rows(path, Reading())
    assert "Windows-1252" in remark
    path.write_bytes(HEADER + "é,b,c\n".encode())
    assert check_rows(path, Reading()) == ()
