from __future__ import annotations

import pytest

from stream_ingest.contracts.environment import SettingsError, Variables


def test_variables_that_are_set_are_read() -> None:
    variables = Variables({"A": "x", "B": "raise", "C": "12", "D": "", "E": "on", "F": "off"})
    assert variables.text("A") == "x"
    assert variables.choice("B", ("trusted", "raise")) == "raise"
    assert variables.integer("C") == 12
    assert variables.text("D", allow_empty=True) == ""
    assert variables.switch("E")
    assert not variables.switch("F")
    variables.check()


def test_no_variable_has_a_default() -> None:
    variables = Variables({})
    variables.text("A", allow_empty=True)
    variables.choice("B", ("trusted", "raise"))
    variables.switch("C")
    variables.integer("D")
    with pytest.raises(SettingsError) as caught:
        variables.check()
    assert str(caught.value).split("; ") == [f"{name} is not set" for name in "ABCD"]


def test_all_problems_are_reported_at_once() -> None:
    variables = Variables({"EMPTY": "", "B": "maybe", "C": "0", "D": "-1", "E": "1.5", "F": ""})
    variables.text("A")
    variables.text("EMPTY")
    variables.choice("B", ("trusted", "raise"))
    for name in "CDEF":
        variables.integer(name)
    with pytest.raises(SettingsError) as caught:
        variables.check()
    assert str(caught.value).split("; ") == [
        "A is not set",
        "EMPTY is not set",
        "B is 'maybe', not one of trusted, raise",
        "C is '0', not a whole number from 1",
        "D is '-1', not a whole number from 1",
        "E is '1.5', not a whole number from 1",
        "F is not set",
    ]
