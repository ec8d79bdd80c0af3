from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops_dashboard.console.api.chart_range import ChartRange, named_range
from ops_dashboard.console.api.charts import (
    Measured,
    WidgetView,
    build_view,
    metric_requests,
    unit_in,
)
from ops_dashboard.monitoring.metric_lines import Line
from ops_dashboard.monitoring.metric_math import Series
from ops_dashboard.monitoring.widgets import (
    Annotation,
    alarm_status,
    chart,
    log_lines,
    number,
    rows,
    text,
)

NOW = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)


def last(name: str) -> ChartRange:
    """Return the range of that name up to `NOW`."""
    return named_range(name, NOW - timedelta(seconds=1))


def line(id_: str, **values: Any) -> Line:  # noqa: ANN401 - any side of a line
    given = {"namespace": "N", "metric": id_, "dimensions": {}} | values
    return Line(id=id_, label=f"the {id_}", **given)


def total(*ids: str) -> Line:
    return line("sum", namespace="", metric="", expression=f"SUM([{', '.join(ids)}])")


def view(widget: dict[str, Any], *data: dict[str, Series], chosen: str = "1h") -> WidgetView:
    (placed,) = rows([[widget]])
    requests = metric_requests(placed, last(chosen))
    assert len(requests) == len(data)
    return build_view(placed, requests, data, Measured())


def test_a_chart_covers_the_chosen_range() -> None:
    (request,) = metric_requests(chart("C", [line("a")], "r", unit="a minute"), last("12h"))
    assert (request.start, request.end) == (NOW - timedelta(hours=12), NOW)
    assert [query["MetricStat"]["Period"] for query in request.queries] == [300]


def test_a_chart_shows_its_visible_lines_expressions_and_annotations() -> None:
    lines = [line("a", visible=False), line("b", stat="Maximum", on_right=True), total("a", "b")]
    widget = chart(
        "C",
        lines,
        "r",
        unit="rows",
        right_unit="s",
        annotations=[
            Annotation(label="alarm", value=5),
            Annotation(label="limit", value=6, on_right=True),
        ],
    )
    found = view(widget, {"a": {60: 1.0}, "b": {60: 2.0}})
    assert [(each.label, each.points, each.on_right) for each in found.lines] == [
        ("the b", [(60, 2.0)], True),
        ("the sum", [(60, 3.0)], False),
    ]
    assert (found.unit, found.right_unit, found.title) == ("rows", "s", "C")
    assert [(each.label, each.value, each.on_right) for each in found.annotations] == [
        ("alarm", 5, False),
        ("limit", 6, True),
    ]


@pytest.mark.parametrize(
    ("unit", "period_s", "shown"),
    [
        ("rows a minute", 60, "rows a minute"),
        ("a minute", 300, "in 5 minutes"),
        ("bytes a minute", 3_600, "bytes an hour"),
        ("USD an hour", 21_600, "USD in 6 hours"),
        ("a minute", 86_400, "a day"),
        ("messages", 300, "messages"),
    ],
)
def test_the_unit_of_an_axis_names_the_period_of_its_points(
    unit: str, period_s: int, shown: str
) -> None:
    assert unit_in(unit, period_s) == shown


def test_points_are_at_least_as_long_as_the_widgets_own_period() -> None:
    """A chart in USD an hour has hourly points in the range of an hour, too."""
    hourly = chart("C", [line("a")], "r", unit="USD an hour", period_s=3_600)
    found = view(hourly, {"a": {}})
    assert (found.period, found.unit) == (3_600, "USD an hour")
    minutely = chart("C", [line("a")], "r", unit="a minute")
    found = view(minutely, {"a": {}}, chosen="7d")
    assert (found.period, found.unit) == (3_600, "an hour")


def test_the_period_is_a_number_in_an_expression() -> None:
    base = line("base", namespace="", metric="", expression="a * 0 + PERIOD(a) * 2")
    hourly = chart("C", [line("a", visible=False), base], "r", unit="USD", period_s=3_600)
    assert view(hourly, {"a": {0: 5.0}}).lines[0].points == [(0, 7_200.0)]


def test_further_lines_of_a_figure_are_its_parts() -> None:
    lines = [line("a"), line("b"), line("c")]
    values: dict[str, Series] = {"a": {0: 3.0}, "b": {0: 1.0}, "c": {}}
    found = view(number("Cost", lines, "r"), values, values)
    assert found.value == 3.0
    assert [(part.label, part.value) for part in found.parts] == [("the b", 1.0)]


def test_an_empty_chart_or_figure_says_why_and_one_with_data_does_not() -> None:
    empty = chart("C", [line("a")], "r", unit="x")
    assert view(empty, {"a": {}}).empty == "nothing of this happened in this range"
    assert not view(empty, {"a": {60: 1.0}}).empty
    figure = number("F", [line("a", stat="Maximum")], "r")
    assert view(figure, {"a": {}}, {"a": {}}).empty
    assert not view(figure, {"a": {}}, {"a": {60: 1.0}}).empty
    assert not view(text("# T")).empty


def test_a_missing_point_means_zero_for_counts_and_unknown_for_other_statistics() -> None:
    lines = [line("a"), line("b", stat="Maximum"), line("c", stat="p99")]
    found = view(chart("C", lines, "r", unit="x"), {"a": {}, "b": {}, "c": {}})
    assert [each.is_count for each in found.lines] == [True, False, False]


def test_a_figure_shows_the_latest_value_of_its_period_and_a_sparkline() -> None:
    widget = number("Rows in", [line("a")], "r", period_s=3_600)
    latest, history = metric_requests(rows([[widget]])[0], last("3h"))
    assert latest.queries[0]["MetricStat"]["Period"] == 3_600
    assert history.queries[0]["MetricStat"]["Period"] == 60
    found = view(widget, {"a": {0: 5.0, 3_600: 7.0}}, {"a": {0: 1.0, 60: 2.0}})
    assert found.value == 7.0
    assert found.lines[0].points == [(0, 1.0), (60, 2.0)]


def test_a_figure_without_data_is_zero_for_a_count_and_has_no_value_otherwise() -> None:
    assert view(number("Rows in", [line("a")], "r"), {"a": {}}, {"a": {}}).value == 0
    oldest = number("Oldest", [line("a", stat="Maximum")], "r", period_s=60)
    assert view(oldest, {"a": {}}, {"a": {}}).value is None


@pytest.mark.parametrize(
    ("now", "period_s", "start"),
    [
        (datetime(2026, 11, 21, 7, 0, tzinfo=UTC), 3_600, datetime(2026, 11, 21, 6, 0, tzinfo=UTC)),
        (datetime(2026, 11, 21, 7, 1, tzinfo=UTC), 3_600, datetime(2026, 11, 21, 7, 0, tzinfo=UTC)),
        (datetime(2026, 11, 21, 7, 1, tzinfo=UTC), 86_400, datetime(2026, 11, 21, tzinfo=UTC)),
        (datetime(2026, 11, 21, 7, 1, tzinfo=UTC), 60, datetime(2026, 11, 21, 6, 56, tzinfo=UTC)),
    ],
)
def test_a_figure_of_this_hour_has_nothing_of_the_hour_before(
    now: datetime, period_s: int, start: datetime
) -> None:
    figure = number("F", [line("a")], "r", period_s=period_s)
    latest, _ = metric_requests(figure, named_range("1h", now - timedelta(seconds=1)))
    assert (latest.start, latest.end) == (start, now)


def test_a_text_becomes_headings_and_paragraphs_without_markup() -> None:
    found = view(text("# One & two\nLine <b>bold</b>\nnext `code`", height=2))
    assert [(block.tag, block.text) for block in found.blocks] == [
        ("h1", "One & two"),
        ("p", "Line <b>bold</b> next code"),
    ]


def test_alarms_are_listed_by_name_and_a_query_is_shown_unchanged() -> None:
    arn = "arn:aws:cloudwatch:us-east-1:1:alarm:coverstream-dev-cost"
    assert view(alarm_status("Alarms", [arn])).alarms == ["coverstream-dev-cost"]
    found = view(log_lines("Errors", "limit 5", ["x"], "r"))
    assert (found.title, found.query) == ("Errors", "SOURCE 'x'\n| limit 5")


def test_a_figure_that_has_a_value_is_not_empty_although_the_range_is() -> None:
    """Its value is of its own period, such as this hour."""
    assert not view(number("F", [line("a")], "r"), {"a": {0: 5.0}}, {"a": {}}).empty
