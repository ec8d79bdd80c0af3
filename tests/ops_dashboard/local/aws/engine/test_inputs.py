from __future__ import annotations

from collections.abc import Callable

import pytest

from ops_dashboard.local.aws.engine.inputs import EngineError, Inputs

WHERE = "aws:sqs/queue:Queue collage"


def test_inputs_that_are_all_read_are_accepted() -> None:
    inputs = Inputs({"name": "q", "delay": 3.0, "sse": True, "tags": {"a": "b"}}, WHERE)
    assert inputs.text("name") == "q"
    assert inputs.number("delay") == 3
    assert inputs.flag("sse") is True
    assert inputs.map("tags") == {"a": "b"}
    inputs.check_all_read()


def test_an_unread_input_is_an_error_that_names_it() -> None:
    inputs = Inputs({"name": "q", "fifoQueue": True, "policy": "{}"}, WHERE)
    inputs.text("name")
    with pytest.raises(EngineError, match=r"Queue collage: .* fifoQueue, policy"):
        inputs.check_all_read()


def test_an_unread_input_of_a_nested_block_is_an_error_too() -> None:
    inputs = Inputs(
        {"target": {"arn": "a", "input": "{}"}, "rules": [{"id": "x", "new": 1}]}, WHERE
    )
    assert inputs.required_block("target").text("arn") == "a"
    (rule,) = inputs.blocks("rules")
    assert rule.text("id") == "x"
    with pytest.raises(EngineError, match=r"rules\[0\]\.new, target\.input"):
        inputs.check_all_read()


def test_an_input_that_is_not_set_may_be_unread() -> None:
    Inputs({"name": None}, WHERE).check_all_read()


@pytest.mark.parametrize(
    ("read", "values"),
    [
        (lambda i: i.text("x"), {"x": 1}),
        (lambda i: i.text("x"), {}),
        (lambda i: i.number("x"), {"x": "1"}),
        (lambda i: i.number("x"), {"x": True}),
        (lambda i: i.number("x"), {"x": 1.5}),
        (lambda i: i.texts("x"), {"x": "a"}),
        (lambda i: i.texts("x"), {"x": [1]}),
        (lambda i: i.document("x"), {"x": "{"}),
        (lambda i: i.block("x"), {"x": "a"}),
        (lambda i: i.required_block("x"), {}),
        (lambda i: i.map("x"), {"x": {"a": 1}}),
    ],
)
def test_an_input_of_another_type_is_an_error_that_names_it(
    read: Callable[[Inputs], object], values: dict[str, object]
) -> None:
    with pytest.raises(EngineError, match=r"Queue collage: x is"):
        read(Inputs(values, WHERE))
