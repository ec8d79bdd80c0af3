from __future__ import annotations

import pytest

from stream_ingest.contracts.environment import SettingsError, Variables


def test_what_is_set_is_read() -> None:
    variables = Variables({"A": "x", "B": "raise", "C": "12"})
    assert variables.text("A") == "x"
    assert variables.choice("B", ("trusted", "raise"), "trusted") == "raise"
    assert variables.whole("C", 90) == 12
    variables.check()


def test_what_is_not_set_has_its_default() -> None:
    variables = Variables({})
    assert variables.text("A", "") == ""
    assert variables.choice("B", ("trusted", "raise"), "trusted") == "trusted"
    assert variables.whole("C", 90) == 90
    variables.check()


def test_all_problems_are_told_at_once() -> None:
    variables = Variables({"EMPTY": "", "B": "maybe", "C": "0", "D": "-1", "E": "1.5", "F": ""})
    variables.text("A")
    variables.text("EMPTY")
    variables.choice("B", ("trusted", "raise"), "trusted")
    for name in "CDEF":
        variables.whole(name, 90)
    with pytest.raises(SettingsError) as caught:
        variables.check()
    assert str(caught.value).split("; ") == [
        "A is not set",
        "EMPTY is not set",
        "B is 'maybe', not one of trusted, raise",
        "C is '0', not a whole number from 1",
        "D is '-1', not a whole number from 1",
        "E is '1.5', not a whole number from 1",
        "F is '', not a whole number from 1",
    ]
