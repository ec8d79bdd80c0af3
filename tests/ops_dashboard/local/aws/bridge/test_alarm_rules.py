from __future__ import annotations

import pytest

from ops_dashboard.local.aws.bridge.alarm_rules import AlarmDefinition, evaluate, range_start
from ops_dashboard.monitoring.metric_math import Series

NOW_S = 1_200 + 60  # a minute into the period that began at 1,200


def definition(
    periods: int = 1, breaching: int = 1, missing: str = "notBreaching"
) -> AlarmDefinition:
    return AlarmDefinition(
        name="a",
        queries=[],
        threshold=5,
        period_s=300,
        periods=periods,
        breaching=breaching,
        missing=missing,
    )


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ({1_200: 6.0}, "ALARM"),
        ({1_200: 5.0}, "OK"),
        ({900: 6.0}, "OK"),
        ({}, "OK"),
    ],
)
def test_an_alarm_is_on_while_the_current_period_is_above(points: Series, expected: str) -> None:
    assert evaluate(definition(), points, NOW_S)[0] == expected


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ({600: 9.0, 900: 9.0}, "ALARM"),
        ({600: 9.0, 1_200: 9.0}, "ALARM"),
        ({1_200: 9.0}, "OK"),
        ({300: 9.0, 1_200: 9.0}, "OK"),
    ],
)
def test_the_required_number_of_periods_is_enough(points: Series, expected: str) -> None:
    assert evaluate(definition(periods=3, breaching=2), points, NOW_S)[0] == expected


@pytest.mark.parametrize(
    ("points", "expected"), [({}, "ALARM"), ({900: 0.0}, "OK"), ({900: 9.0}, "ALARM")]
)
def test_missing_data_raises_an_alarm_if_it_is_breaching(points: Series, expected: str) -> None:
    alarm = definition(periods=3, breaching=3, missing="breaching")
    assert evaluate(alarm, points, NOW_S)[0] == expected


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ({}, "INSUFFICIENT_DATA"),
        ({0: 9.0}, "INSUFFICIENT_DATA"),
        ({900: 0.0}, "OK"),
        ({900: 9.0}, "OK"),
        ({600: 9.0, 900: 9.0, 1_200: 9.0}, "ALARM"),
    ],
)
def test_missing_data_may_have_a_state_of_their_own(points: Series, expected: str) -> None:
    alarm = definition(periods=3, breaching=3, missing="missing")
    assert evaluate(alarm, points, NOW_S)[0] == expected


def test_the_reason_lists_the_values() -> None:
    _, why = evaluate(definition(periods=2, breaching=2), {1_200: 6.5}, NOW_S)
    assert why == "1 of 2 periods above 5 (needs 2), newest first: 6.5, no data"


def test_data_is_read_from_the_first_period_that_counts() -> None:
    assert range_start(definition(periods=3), NOW_S) == 600
