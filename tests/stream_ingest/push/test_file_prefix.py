from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from stream_ingest.push.file_prefix import FilePrefix, is_same_before
from stream_ingest.sources.source import Cursor

HEAD = "creator_name,cover_url,created_at\n"
SENT = HEAD + "é,https://e.com/1.jpg,2026-11-01\nann,https://e.com/2.jpg,2026-11-01\n"
CURSOR = (len(SENT.encode()), 3)
BROKEN = SENT + 'ann,"https://e.com/3.jpg,2026-11-01\n'
MENDED = SENT + "ann,https://e.com/3.jpg,2026-11-01\n"


def is_resumable(path: Path, before: bytes, after: bytes, cursor: Cursor = CURSOR) -> bool:
    path.write_bytes(before)
    digest = FilePrefix(path).digest(cursor)
    path.write_bytes(after)
    return is_same_before(path, cursor, digest)


@pytest.mark.parametrize(
    ("after", "wanted"),
    [
        (MENDED, True),
        (SENT, True),
        (BROKEN + "ben,https://e.com/4.jpg,2026-11-01\n", True),
        (MENDED.replace("2.jpg", "5.jpg"), False),
        (MENDED.replace("creator_name", "creator_nam3"), False),
        (HEAD + MENDED, False),
        (HEAD, False),
        ("", False),
    ],
)
def test_a_changed_file_is_continued_if_what_was_sent_is_the_same(
    tmp_path: Path, after: str, *, wanted: bool
) -> None:
    assert is_resumable(tmp_path / "f.csv", BROKEN.encode(), after.encode()) is wanted


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    assert is_resumable(path, BROKEN.encode("utf-8-sig"), MENDED.encode("utf-8-sig"))


def test_a_row_that_was_longer_than_it_seemed_is_not_continued(tmp_path: Path) -> None:
    """The file ended within its last row: a row that goes on is another row."""
    whole = MENDED.rstrip().encode()
    cursor = (len(whole), 4)
    assert not is_resumable(tmp_path / "f.csv", whole, whole + b" 12:00\n", cursor)


@pytest.mark.parametrize("encode", [gzip.compress, lambda text: text.decode().encode("utf-16")])
def test_a_file_that_must_be_read_from_its_beginning_is_not_hashed(
    tmp_path: Path, encode: object
) -> None:
    path = tmp_path / "f.csv"
    assert callable(encode)
    assert not is_resumable(path, encode(BROKEN.encode()), encode(MENDED.encode()))


def test_the_hash_grows_with_the_cursor(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(MENDED)
    prefix = FilePrefix(path)
    assert prefix.digest((len(HEAD), 1)) == FilePrefix(path).digest((len(HEAD), 1))
    assert prefix.digest(CURSOR) == FilePrefix(path).digest(CURSOR)
    assert prefix.digest((5,)) is None, "a cursor of an older version is a number of rows"
    assert prefix.digest(None) is None
