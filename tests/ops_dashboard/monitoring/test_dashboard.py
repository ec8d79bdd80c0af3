from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ops_dashboard.monitoring.alarms import alarms
from ops_dashboard.monitoring.chart_lines import chart_lines
from ops_dashboard.monitoring.dashboard import dashboard_body
from ops_dashboard.monitoring.metric_lines import metric_queries
from ops_dashboard.monitoring.widgets import rows, text
from tests.fakes.ops.dashboard_rules import RuleError, check_body, check_widget
from tests.fakes.ops.watched_resources import RESOURCES, THRESHOLDS

ARNS = [f"arn:aws:cloudwatch:eu-central-1:123456789012:alarm:{name}" for name in ("a", "b")]
BODY = dashboard_body(RESOURCES, THRESHOLDS, ARNS)
WIDGETS = BODY["widgets"]
METRIC_WIDGETS = [widget for widget in WIDGETS if widget["type"] == "metric"]


def name_of(widget: dict[str, Any]) -> str:
    return str(widget["properties"].get("title", f"text at {widget['y']}"))


def test_the_body_has_the_documented_structure() -> None:
    check_body(json.loads(json.dumps(BODY)))


@pytest.mark.parametrize("widget", WIDGETS, ids=name_of)
def test_each_widget_has_the_documented_structure(widget: dict[str, Any]) -> None:
    check_widget(widget)


def broken(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    widget = copy.deepcopy(METRIC_WIDGETS[-1])
    change(widget)
    return widget


@pytest.mark.parametrize(
    "change",
    [
        lambda widget: widget["properties"].pop("region"),
        lambda widget: widget["properties"].pop("metrics"),
        lambda widget: widget["properties"].update(view="lines"),
        lambda widget: widget["properties"].update(period=90),
        lambda widget: widget["properties"].update(colour="red"),
        lambda widget: widget.update(width=25),
        lambda widget: widget["properties"]["metrics"][0][-1].update(color="red"),
        lambda widget: widget["properties"]["metrics"][0].insert(2, "OneTooMany"),
        lambda widget: widget["properties"]["metrics"].append([{"id": "e", "expression": "x * 2"}]),
    ],
)
def test_the_checker_rejects_what_cloudwatch_rejects(
    change: Callable[[dict[str, Any]], object],
) -> None:
    with pytest.raises((RuleError, KeyError)):
        check_widget(broken(change))


def test_no_two_widgets_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in WIDGETS:
        cells = {
            (widget["x"] + column, widget["y"] + row)
            for column in range(widget["width"])
            for row in range(widget["height"])
        }
        assert not cells & taken, name_of(widget)
        taken |= cells


def test_the_overview_shows_the_six_figures() -> None:
    shown = [name_of(w) for w in WIDGETS if w["properties"].get("view") == "singleValue"]
    assert shown == [
        "Rows in",
        "Windows closed",
        "Collages built",
        "Images failed",
        "Oldest work in progress",
        "Estimated cost today",
    ]
    assert all(widget["y"] < 10 for widget in WIDGETS if name_of(widget) in shown)


def test_the_overview_is_followed_by_a_row_for_each_stage() -> None:
    texts = [w["properties"]["markdown"] for w in WIDGETS if w["type"] == "text"][1:]
    headings = [text.partition("\n")[0] for text in texts]
    assert headings == [
        "## Dropped files and requests",
        "## Stream",
        "## Followed tables",
        "## Windowing",
        "## Bus and queue",
        "## Collage",
        "## Concurrency",
        "## Prefetched covers",
        "## Photos",
        "## Dead letters",
        "## Cost",
        "## Logs",
        "## Windows",
    ]


def test_the_threshold_of_an_alarm_is_drawn_in_its_chart() -> None:
    thresholds = replace(THRESHOLDS, memory_percent=66, iterator_age_minutes=3)
    body = dashboard_body(RESOURCES, thresholds, ARNS)
    marks = {
        name_of(widget): [m["value"] for m in widget["properties"]["annotations"]["horizontal"]]
        for widget in body["widgets"]
        if "annotations" in widget["properties"]
    }
    assert marks["Memory used"] == [66]
    assert marks["Iterator age"] == [180_000]
    assert set(marks) >= {"Collage duration", "Dead letters waiting", "Failure rates"}


def test_the_cost_figure_shows_what_the_cost_alarm_watches() -> None:
    (widget,) = [w for w in METRIC_WIDGETS if name_of(w).startswith("Estimated cost")]
    first, *parts = [q for q in metric_queries(widget) if "Expression" in q]
    watched = alarms(RESOURCES, THRESHOLDS)["cost"].lines[-1].expression
    assert first["Expression"] == watched
    assert [part["Label"] for part in parts] == ["work so far", "base of a day"]


def test_a_threshold_has_the_condition_and_value_of_its_alarm() -> None:
    known = alarms(RESOURCES, THRESHOLDS)
    drawn = {
        mark["label"]: mark["value"]
        for widget in METRIC_WIDGETS
        for mark in widget["properties"].get("annotations", {}).get("horizontal", [])
        if mark["label"].startswith("alarm ")
    }
    assert drawn == {
        f"alarm {name}: {known[name].condition}": known[name].above
        for name in (
            "collage-duration",
            "collage-errors",
            "files-waiting",
            "image-failures",
            "iterator-age",
            "windows-stuck",
        )
    }


def test_the_threshold_of_dead_letters_is_what_may_wait_without_an_alarm() -> None:
    (widget,) = [w for w in METRIC_WIDGETS if name_of(w) == "Dead letters waiting"]
    (mark,) = widget["properties"]["annotations"]["horizontal"]
    assert mark["value"] == THRESHOLDS.dead_letters


@pytest.mark.parametrize("widget", METRIC_WIDGETS, ids=name_of)
def test_each_widget_can_be_drawn_from_its_queries(widget: dict[str, Any]) -> None:
    """The console can evaluate every expression, with data and without."""
    queries = metric_queries(widget)
    ids = [query["Id"] for query in queries if "MetricStat" in query]
    for points in ({}, {60: 1.0, 120: 2.0}):
        lines = chart_lines(queries, {id_: dict(points) for id_ in ids})
        assert [line.id for line in lines] == [q["Id"] for q in queries if q["ReturnData"]]
    assert all(line.points for line in lines)


def test_a_query_has_the_period_of_the_widget_or_of_the_caller() -> None:
    widget = METRIC_WIDGETS[0]
    assert metric_queries(widget)[0]["MetricStat"]["Period"] == widget["properties"]["period"]
    assert metric_queries(widget, 7_200)[0]["MetricStat"]["Period"] == 7_200


def test_a_text_widget_has_no_queries() -> None:
    with pytest.raises(ValueError, match="text widget has no metrics"):
        metric_queries(WIDGETS[0])


def test_a_row_that_is_too_wide_is_rejected() -> None:
    with pytest.raises(ValueError, match="48 columns"):
        rows([[text("a"), text("b")]])
