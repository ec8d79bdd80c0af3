from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops_dashboard.console.api.charts import RANGES, Shown, asks_of, period_for, shown
from ops_dashboard.monitoring.metric_lines import Line
from ops_dashboard.monitoring.metric_math import Series
from ops_dashboard.monitoring.widgets import (
    Mark,
    alarm_status,
    chart,
    log_lines,
    number,
    rows,
    text,
)

NOW = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
NOW_S = int(NOW.timestamp())


def line(id_: str, **values: Any) -> Line:  # noqa: ANN401 - any side of a line
    given = {"namespace": "N", "metric": id_, "dimensions": {}} | values
    return Line(id=id_, label=f"the {id_}", **given)


def total(*ids: str) -> Line:
    return line("sum", namespace="", metric="", expression=f"SUM([{', '.join(ids)}])")


def drawn(widget: dict[str, Any], *data: dict[str, Series], minutes: int = 60) -> Shown:
    (placed,) = rows([[widget]])
    asks = asks_of(placed, minutes, NOW)
    assert len(asks) == len(data)
    return shown(placed, asks, data)


@pytest.mark.parametrize("minutes", RANGES.values())
def test_a_chart_has_few_enough_points_to_be_read(minutes: int) -> None:
    assert minutes * 60 / period_for(minutes) <= 180


def test_a_chart_is_read_over_the_range_that_was_chosen() -> None:
    (ask,) = asks_of(chart("C", [line("a")], "r", unit="a minute"), 720, NOW)
    assert (ask.start, ask.end) == (NOW - timedelta(hours=12), NOW)
    assert [query["MetricStat"]["Period"] for query in ask.queries] == [300]


def test_a_chart_shows_its_visible_lines_sums_and_marks() -> None:
    lines = [line("a", visible=False), line("b", stat="Maximum", on_right=True), total("a", "b")]
    widget = chart(
        "C", lines, "r", unit="rows", right_unit="s", marks=[Mark(label="alarm", value=5)]
    )
    found = drawn(widget, {"a": {60: 1.0}, "b": {60: 2.0}})
    assert [(each.label, each.points, each.on_right) for each in found.lines] == [
        ("the b", [(60, 2.0)], True),
        ("the sum", [(60, 3.0)], False),
    ]
    assert (found.unit, found.right_unit, found.title) == ("rows", "s", "C")
    assert [(mark.label, mark.value) for mark in found.marks] == [("alarm", 5)]


def test_no_point_of_a_count_means_nothing_and_of_a_maximum_means_unknown() -> None:
    lines = [line("a"), line("b", stat="Maximum"), line("c", stat="p99")]
    found = drawn(chart("C", lines, "r", unit="x"), {"a": {}, "b": {}, "c": {}})
    assert [each.counts for each in found.lines] == [True, False, False]


def test_a_figure_shows_the_latest_value_of_its_own_period_and_a_course() -> None:
    widget = number("Rows in", [line("a")], "r", period_s=3_600)
    latest, course = asks_of(rows([[widget]])[0], 180, NOW)
    assert latest.queries[0]["MetricStat"]["Period"] == 3_600
    assert course.queries[0]["MetricStat"]["Period"] == 60
    found = drawn(widget, {"a": {0: 5.0, 3_600: 7.0}}, {"a": {0: 1.0, 60: 2.0}})
    assert found.value == 7.0
    assert found.lines[0].points == [(0, 1.0), (60, 2.0)]


def test_a_figure_without_data_has_no_value() -> None:
    assert drawn(number("Rows in", [line("a")], "r"), {"a": {}}, {"a": {}}).value is None


def test_a_text_is_headings_and_paragraphs_and_never_markup() -> None:
    found = drawn(text("# One & two\nLine <b>bold</b>\nnext `code`", height=2))
    assert [(block.tag, block.text) for block in found.blocks] == [
        ("h1", "One & two"),
        ("p", "Line <b>bold</b> next code"),
    ]


def test_alarms_are_known_by_their_names_and_a_query_is_shown_as_it_is() -> None:
    arn = "arn:aws:cloudwatch:us-east-1:1:alarm:coverstream-dev-cost"
    assert drawn(alarm_status("Alarms", [arn])).alarms == ["coverstream-dev-cost"]
    found = drawn(log_lines("Errors", "limit 5", ["x"], "r"))
    assert (found.title, found.query) == ("Errors", "SOURCE 'x'\n| limit 5")
