from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.naming import (
    MAX_CREATOR_BYTES,
    creator_key,
    creator_name,
    is_creator_name,
    split_window_id,
    window_id,
)

ANY_TEXT = st.text(min_size=1, max_size=40)
"""Hypothesis's text is any unicode but lone surrogates: NUL, RTL marks, emoji, combining marks."""
SAFE = re.compile(r"[A-Za-z0-9_\-.=]+")


@given(ANY_TEXT)
def test_a_name_can_be_read_back_from_its_key(name: str) -> None:
    assert creator_name(creator_key(name)) == name


@given(ANY_TEXT)
def test_a_key_has_safe_characters_only(name: str) -> None:
    assert SAFE.fullmatch(creator_key(name))


@given(st.lists(ANY_TEXT, min_size=2, max_size=2, unique=True))
def test_two_names_never_share_a_key(names: list[str]) -> None:
    assert creator_key(names[0]) != creator_key(names[1])


@given(st.text(alphabet="./=%2eE ", min_size=1, max_size=6))
def test_a_key_is_never_a_relative_path(name: str) -> None:
    key = creator_key(name)
    assert not key.startswith(".")
    assert "/" not in key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("charli.damelio_01-x", "charli.damelio_01-x"),
        ("..", "=2E."),
        (".hidden", "=2Ehidden"),
        ("a/b", "a=2Fb"),
        ("a=2Fb", "a=3D2Fb"),
        ("batch#1", "batch=231"),
        ("<script>", "=3Cscript=3E"),
        ("a:000001", "a=3A000001"),
        ("Zoë", "Zo=C3=AB"),
        ("🎉", "=F0=9F=8E=89"),
    ],
)
def test_keys_never_change(name: str, key: str) -> None:
    """They are in the table and in S3: another spelling would make other creators of them."""
    assert creator_key(name) == key


@pytest.mark.parametrize(
    "key", ["", "a b", "a=2f", "a=2", "=61", ".hidden", "=FF", "a/b", "é", "a\n", "=ED=A0=80"]
)
def test_text_that_no_name_encodes_to_is_not_a_key(key: str) -> None:
    with pytest.raises(DecodeError, match="not a creator key"):
        creator_name(key)


@pytest.mark.parametrize(
    "name",
    [
        "charli",
        "x",
        "Zoë",
        "🎉🎉",
        "مبدع",
        "a\u202eb",
        "e\u0301",
        " padded ",
        "a" * MAX_CREATOR_BYTES,
        "é" * (MAX_CREATOR_BYTES // 2),
        "..",
        "=2E",
    ],
)
def test_tiktok_nicknames_are_valid_names(name: str) -> None:
    assert is_creator_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\u3000",
        "a\x00",
        "a\n",
        "\x1b[31m",
        "a\x7f",
        "a\x85",
        "é\x00",
        "a" * (MAX_CREATOR_BYTES + 1),
        "é" * (MAX_CREATOR_BYTES // 2) + "a",
        "a\ud800",
        "\udfff",
    ],
)
def test_empty_long_control_and_unencodable_text_is_not_a_name(name: str) -> None:
    assert not is_creator_name(name)


@given(ANY_TEXT, st.integers(0, 10**12 - 1))
def test_a_window_id_splits_into_creator_key_and_number(name: str, number: int) -> None:
    key = creator_key(name)
    assert split_window_id(window_id(key, number)) == (key, number)


def test_window_ids_never_change() -> None:
    assert window_id("charli", 12) == "charli:000012"
    assert window_id("charli", 1_234_567) == "charli:1234567"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "charli",
        "charli:12",
        "charli:0000012",
        "a:b:000001",
        ":000001",
        "a b:000001",
        "a:\u0660\u0660\u0660\u0660\u0660\u0661",
    ],
)
def test_an_invalid_window_id_is_an_error(value: str) -> None:
    with pytest.raises(DecodeError, match="not a"):
        split_window_id(value)
