from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.contracts.creators import CreatorCase, creator_of, read_creator
from stream_ingest.sources.creator_filter import _IN_ALL_SPELLINGS, CreatorFilter


def is_like(text: str, pattern: str) -> bool:
    """Return what MySQL's LIKE returns, without regard to case."""
    parts = ".*".join(map(re.escape, pattern.split("%")))
    return re.fullmatch(parts, text, re.IGNORECASE | re.DOTALL | re.ASCII) is not None


@pytest.mark.parametrize("case", CreatorCase)
def test_no_other_character_becomes_a_letter_of_the_pattern(case: CreatorCase) -> None:
    others = (chr(code) for code in range(0x80, 0x110000) if not 0xD800 <= code < 0xE000)
    made = creator_of(f"_{'.'.join(others)}_", case)  # one by one takes seconds
    assert made.count(".") > 1_000_000
    assert not _IN_ALL_SPELLINGS[case].findall(made)


@given(
    st.text(max_size=12) | st.text(alphabet="@ \u200bjJoOsSeE\u0301ßKkﬁ1.%_", max_size=12),
    st.sampled_from(CreatorCase),
)
def test_the_condition_holds_for_every_spelling(text: str, case: CreatorCase) -> None:
    found = read_creator(text, case)
    if found is None:
        return
    chosen = CreatorFilter([found.name], case)
    assert chosen.matches(text)
    _, patterns = chosen.condition("creator")
    assert not patterns or any(is_like(text, str(pattern)) for pattern in patterns)


def test_any_spelling_may_be_named() -> None:
    chosen = CreatorFilter(["@Zoe\u0308 ", "ann"])
    assert [chosen.matches(name) for name in ("Zoë", "zoë", " ann", "anna", None)] == [
        *(True, False, True, False, False)
    ]


def test_everything_matches_without_creators() -> None:
    assert CreatorFilter([]).matches(None)
    assert CreatorFilter([]).condition("`creator`") == ([], [])


def test_a_name_without_lasting_letters_has_no_condition() -> None:
    assert CreatorFilter(["張偉", "ann"]).condition("`creator`") == ([], [])


def test_doubles_are_read_whatever_their_form() -> None:
    """MySQL writes 1.234e15 for a DOUBLE of 1234000000000000."""
    chosen = CreatorFilter(["1234000000000000"])
    assert chosen.condition("`c`")[1][1] == "%e%"
    assert chosen.matches(1.234e15)
