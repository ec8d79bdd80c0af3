from __future__ import annotations

import pytest

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.source import (
    CSV_COLUMNS,
    MYSQL_COLUMNS,
    Columns,
    parse_columns,
    parse_table,
)


def test_the_default_columns_are_those_of_the_table_and_of_the_file() -> None:
    assert MYSQL_COLUMNS.names() == ("creator", "cover", "created_at")
    assert CSV_COLUMNS.names() == ("creator_name", "cover_url", "created_at")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (None, ("creator", "cover", "created_at")),
        ("", ("creator", "cover", "created_at")),
        ("cover=cover_json", ("creator", "cover_json", "created_at")),
        (" creator=a , cover=b,created_at=c ", ("a", "b", "c")),
        ("cover=a=b", ("creator", "a=b", "created_at")),
    ],
)
def test_columns_that_are_not_given_keep_their_defaults(
    text: str | None, names: tuple[str, str, str]
) -> None:
    assert parse_columns(text, MYSQL_COLUMNS).names() == names


@pytest.mark.parametrize("text", ["cover", "cover=", "=x", "url=x", "cover=a,,creator=b", "a b"])
def test_invalid_columns_are_a_user_error(text: str) -> None:
    with pytest.raises(UserError, match=r"--columns .*expected creator=NAME"):
        parse_columns(text, MYSQL_COLUMNS)


def test_columns_are_a_value() -> None:
    assert Columns(creator="a", cover="b", created_at="c") == parse_columns(
        "creator=a,cover=b,created_at=c", CSV_COLUMNS
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("videos", (None, "videos")),
        ("tiktok.videos", ("tiktok", "videos")),
        ("`my.videos`", (None, "my.videos")),
        ("`tik.tok`.videos", ("tik.tok", "videos")),
        ("`a``b`.`c.d`", ("a`b", "c.d")),
        ("50% off", (None, "50% off")),
    ],
)
def test_a_table_may_be_written_with_its_database(text: str, names: tuple[str | None, str]) -> None:
    assert parse_table(text) == names


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "a.b.c", "`a", "a`b", "`a`b"])
def test_another_table_name_is_a_user_error(text: str) -> None:
    with pytest.raises(UserError, match=r"expected TABLE or DATABASE\.TABLE"):
        parse_table(text)
