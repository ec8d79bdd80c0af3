from __future__ import annotations

import pytest

from ops_dashboard.monitoring.metric_math import MetricMathError, Series, evaluate

A: Series = {60: 1.0, 120: 2.0, 180: 3.0}
B: Series = {120: 10.0, 180: 0.0, 240: 5.0}
NONE: Series = {}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a", A),
        ("a + b", {120: 12.0, 180: 3.0}),
        ("100 * a / b", {120: 20.0}),
        ("SUM([a, b])", {60: 1.0, 120: 12.0, 180: 3.0, 240: 5.0}),
        ("SUM([a * 2, none]) - 1", {60: 1.0, 120: 3.0, 180: 5.0}),
        ("a > 2", {60: 0.0, 120: 0.0, 180: 1.0}),
        ("IF(a > 1, b, 7)", {60: 7.0, 120: 10.0, 180: 0.0}),
        ("IF(a > 0 AND SUM([a * 0, b]) == 0, 1, 0)", {60: 1.0, 120: 0.0, 180: 1.0}),
    ],
)
def test_an_expression_has_the_values_that_cloudwatch_computes(
    expression: str, expected: Series
) -> None:
    assert evaluate(expression, {"a": A, "b": B, "none": NONE}) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "a +",
        "unknown",
        "1 + 1",
        "SUM([1])",
        "IF(1, a, a)",
        "SEARCH('x')",
        "a.b",
        "__import__('os')",
    ],
)
def test_an_unsupported_expression_is_rejected(expression: str) -> None:
    with pytest.raises(MetricMathError):
        evaluate(expression, {"a": A})


def test_the_period_is_that_of_the_chart() -> None:
    assert evaluate("a * 0 + PERIOD(a)", {"a": {60: 5.0}}, 300) == {60: 300.0}
    with pytest.raises(MetricMathError):
        evaluate("a * 0 + PERIOD(a)", {"a": {60: 5.0}})
