"""When each alarm is on: real definitions on made-up figures, by CloudWatch's rules.

The figures are of whole periods of five minutes, oldest first, None if there were none.
"""

from __future__ import annotations

import pytest

from ops_dashboard.local.aws.bridge.alarm_rules import AlarmDefinition, evaluate
from ops_dashboard.monitoring.alarm import Alarm
from ops_dashboard.monitoring.alarms import alarms
from ops_dashboard.monitoring.chart_lines import chart_lines
from ops_dashboard.monitoring.metric_math import Series
from ops_dashboard.monitoring.resources import Thresholds
from tests.fakes.ops.watched_resources import RESOURCES, THRESHOLDS, queries_of

ALARMS = alarms(RESOURCES, THRESHOLDS)
PERIOD_S = 300
Figures = dict[str, list[float | None]]


def state(alarm: Alarm, figures: Figures) -> str:
    """Return the state at the end of the last period; figures by metric name."""
    queries = queries_of(alarm)
    metrics = {line.id: line.metric for line in alarm.lines if line.expression is None}
    assert figures.keys() <= set(metrics.values())
    series: dict[str, Series] = {
        id_: {
            number * PERIOD_S: value
            for number, value in enumerate(figures.get(metric, []))
            if value is not None
        }
        for id_, metric in metrics.items()
    }
    (watched,) = chart_lines(queries, series)
    definition = AlarmDefinition(
        name=alarm.name,
        queries=queries,
        threshold=alarm.above,
        period_s=alarm.period_s,
        periods=alarm.periods,
        breaching=alarm.breaching,
        missing=alarm.missing,
    )
    last = max(map(len, figures.values()), default=1) - 1
    return evaluate(definition, watched.points, last * PERIOD_S + PERIOD_S - 1)[0]


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"CollagesFailed": [6], "CollagesCreated": [94]}, "ALARM"),
        ({"CollagesFailed": [5], "CollagesCreated": [95]}, "OK"),
        ({"MessagesFailed": [3], "CollagesFailed": [3], "CollagesCreated": [94]}, "ALARM"),
        ({"CollagesFailed": [1]}, "ALARM"),
        ({"Errors": [1]}, "ALARM"),
        ({"CollagesCreated": [50], "CollagesAlreadyDone": [2]}, "OK"),
        ({}, "OK"),
    ],
)
def test_more_than_five_percent_of_errors_raise_an_alarm(figures: Figures, expected: str) -> None:
    assert state(ALARMS["collage-errors"], figures) == expected


@pytest.mark.parametrize("service", ["windowing", "sweeper", "prefetch", "intake"])
@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"Errors": [1], "Invocations": [5]}, "ALARM"),
        ({"Errors": [6], "Invocations": [100]}, "ALARM"),
        ({"Errors": [5], "Invocations": [100]}, "OK"),
        ({"Errors": [0], "Invocations": [5]}, "OK"),
        ({}, "OK"),
    ],
)
def test_more_than_five_percent_of_crashes_of_any_function_raise_an_alarm(
    service: str, figures: Figures, expected: str
) -> None:
    assert state(ALARMS[f"{service}-errors"], figures) == expected


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        # a batch is open: nothing at all, for a quarter of an hour
        ({"BatchesOpen": [1, 1, 1]}, "ALARM"),
        ({"BatchesOpen": [1, 1, 1], "RowsReceived": [0, 0, 0]}, "ALARM"),
        # something moves: rows, collages, failures, windows that time closes
        ({"BatchesOpen": [1, 1, 1], "RowsReceived": [None, 7, None]}, "OK"),
        ({"BatchesOpen": [1, 1, 1], "CollagesCreated": [None, None, 1]}, "OK"),
        ({"BatchesOpen": [1, 1, 1], "CollagesFailed": [1, None, None]}, "OK"),
        ({"BatchesOpen": [1, 1, 1], "WindowsClosed": [0, 3, 0]}, "OK"),
        # no batch is open, or not long enough
        ({"BatchesOpen": [0, 0, 0]}, "OK"),
        ({"BatchesOpen": [0, 1, 1]}, "OK"),
        # not even the sweeper speaks
        ({"BatchesOpen": [None, None, None]}, "INSUFFICIENT_DATA"),
        ({"BatchesOpen": [0, None, None]}, "OK"),
    ],
)
def test_an_open_batch_without_progress_raises_an_alarm(figures: Figures, expected: str) -> None:
    assert state(ALARMS["nothing-flows"], figures) == expected


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"ImagesFailed": [90, 80, 85], "ImagesOk": [10, 20, 15]}, "ALARM"),
        ({"ImagesFailed": [1, 80, 85], "ImagesOk": [99, 20, 15]}, "ALARM"),
        ({"ImagesFailed": [1, 1, 85], "ImagesOk": [99, 99, 15]}, "OK"),
        ({"ImagesFailed": [20, 20, 20], "ImagesOk": [80, 80, 80]}, "OK"),
        ({}, "OK"),
    ],
)
def test_covers_that_fail_for_ten_minutes_raise_an_alarm_and_a_short_failure_does_not(
    figures: Figures, expected: str
) -> None:
    assert state(ALARMS["image-failures"], figures) == expected


@pytest.mark.parametrize(
    ("name", "metric", "below", "above"),
    [
        ("poison", "RecordsQuarantined", 0, 1),
        ("windows-abandoned", "WindowsAbandoned", 0, 1),
        ("batches-rejected", "BatchesRejected", 0, 1),
        ("collage-dead-letters", "ApproximateNumberOfMessagesVisible", 10, 11),
        ("collage-duration", "Duration", 108_000, 108_001),
        ("collage-memory", "MemoryPercent", 80, 80.1),
        ("intake-memory", "MemoryPercent", 80, 80.1),
        ("iterator-age", "GetRecords.IteratorAgeMilliseconds", 600_000, 600_001),
        ("windows-stuck", "OldestWindowAgeSeconds", 3_600, 3_601),
        ("metrics-dropped", "EMFValidationErrors", 0, 1),
    ],
)
def test_an_alarm_is_raised_above_its_threshold_and_not_at_it(
    name: str, metric: str, below: float, above: float
) -> None:
    assert state(ALARMS[name], {metric: [below]}) == "OK"
    assert state(ALARMS[name], {metric: [above]}) == "ALARM"
    assert state(ALARMS[name], {metric: [None]}) == "OK"


def test_a_day_that_costs_more_than_the_threshold_raises_an_alarm() -> None:
    """Write units of the table and its three indexes are equal here: four times the same figure."""
    dollar = 1_000_000 / 0.625 / 4
    cheap: Figures = {"Duration": [0], "ConsumedWriteCapacityUnits": [10 * dollar]}
    dear: Figures = {"Duration": [0], "ConsumedWriteCapacityUnits": [25 * dollar]}
    assert state(ALARMS["cost"], cheap) == "OK"
    assert state(ALARMS["cost"], dear) == "ALARM"


def test_every_alarm_has_a_meaning_and_a_unique_name() -> None:
    assert len({alarm.meaning for alarm in ALARMS.values()}) == len(ALARMS)
    assert all(name == alarm.name for name, alarm in ALARMS.items())


QUIET = ("BatchesOpen", "WindowsWaiting", "OldestWindowAge", "OldestWorkAge")
"""Metrics of which the sweeper emits a zero each minute if there is nothing to do."""


@pytest.mark.parametrize("name", ALARMS)
def test_no_alarm_is_raised_on_a_new_stack(name: str) -> None:
    """Nothing has emitted anything; CloudWatch evaluates an alarm as soon as it exists."""
    assert state(ALARMS[name], {}) in ("OK", "INSUFFICIENT_DATA")
    assert ALARMS[name].missing != "breaching"  # which would be ALARM before the first sweep


@pytest.mark.parametrize("name", ALARMS)
def test_no_alarm_is_raised_on_an_idle_stack(name: str) -> None:
    """Between two monthly batches only the sweeper runs."""
    alarm = ALARMS[name]
    metrics = {line.metric for line in alarm.lines if line.expression is None}
    zeros: Figures = {metric: [0.0, 0.0, 0.0] for metric in metrics.intersection(QUIET)}
    assert state(alarm, zeros) == "OK"


def test_only_the_alarm_on_what_is_always_there_reports_that_it_has_no_data() -> None:
    assert [alarm.name for alarm in ALARMS.values() if alarm.missing == "missing"] == [
        "nothing-flows"
    ]


OTHER = Thresholds(
    error_percent=7,
    duration_s=333,
    memory_percent=71,
    dead_letters=1_234_567,
    iterator_age_minutes=13,
    window_age_minutes=77,
    idle_minutes=29,
    failed_images_percent=37,
    cost_usd_per_day=4_321,
)


@pytest.mark.parametrize("thresholds", [THRESHOLDS, OTHER])
def test_an_alarm_says_the_figures_that_it_is_deployed_with(thresholds: Thresholds) -> None:
    """The texts of the dashboard, of messages and of the documentation are these."""
    for alarm in alarms(RESOURCES, thresholds).values():
        if alarm.above:
            assert f"ore than {alarm.limit.removesuffix(' messages')}" in alarm.meaning, alarm.name
        assert f"more than {alarm.limit}" in alarm.description
        assert len(alarm.description) <= 1_024


def test_a_time_that_is_no_multiple_of_a_period_is_said_as_it_is_evaluated() -> None:
    alarm = alarms(RESOURCES, OTHER)["nothing-flows"]
    assert (alarm.periods, alarm.breaching) == (5, 5)
    assert "for 25 minutes" in alarm.meaning
    assert alarm.condition == "more than 0 for 25 minutes"


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("collage-dead-letters", "more than 10 messages in 5 minutes"),
        ("collage-duration", "more than 108 s in 5 minutes"),
        ("collage-errors", "more than 5 % in 5 minutes"),
        ("cost", "more than 25 USD in a day"),
        ("follow-failures", "more than 0 for 15 minutes"),
        ("image-failures", "more than 20 % in 2 of 3 periods of 5 minutes"),
        ("iterator-age", "more than 10 minutes in 5 minutes"),
        ("poison", "more than 0 in 5 minutes"),
    ],
)
def test_the_condition_of_an_alarm_is_in_words(name: str, condition: str) -> None:
    assert ALARMS[name].condition == condition
