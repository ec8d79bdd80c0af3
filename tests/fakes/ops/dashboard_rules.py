"""A checker of the part of AWS's "Dashboard Body Structure and Syntax" that this project uses.

Written from that page and from what AWS's CDK writes. Anything that is not known here is an error:
CloudWatch would refuse it, or pass over it in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_STAT = re.compile(r"SampleCount|Average|Sum|Minimum|Maximum|p(100|[0-9]{1,2}(\.[0-9]{1,10})?)")
_ID = re.compile(r"[a-z][A-Za-z0-9_]*")
_COLOR = re.compile(r"#[0-9a-f]{6}")
_WORDS = {"SUM", "IF", "AND", "PERIOD"}
_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PERIODS = {1, 5, 10, 30}


class RuleError(AssertionError):
    """A body that CloudWatch would reject or display incorrectly."""


def need(condition: bool, why: str) -> None:  # noqa: FBT001 - a condition
    if not condition:
        raise RuleError(why)


def check_body(body: dict[str, Any]) -> None:
    """Check the body without its widgets."""
    need(set(body) <= {"start", "end", "periodOverride", "widgets"}, f"keys {sorted(body)}")
    need(body.get("periodOverride", "auto") in {"auto", "inherit"}, "periodOverride")
    need(re.fullmatch(r"-P(\d+[DWM])?(T\d+[HM])?", body["start"]) is not None, "start")
    need(len(body["widgets"]) <= 500, "a dashboard has at most 500 widgets")
    metrics = [w["properties"].get("metrics", []) for w in body["widgets"]]
    need(sum(map(len, metrics)) <= 2_500, "a dashboard has at most 2,500 metrics")


def check_widget(widget: dict[str, Any]) -> None:
    """Check one widget of any kind."""
    need(set(widget) == {"type", "x", "y", "width", "height", "properties"}, "keys of a widget")
    need(0 <= widget["x"] <= 23 and widget["y"] >= 0, "place")
    need(1 <= widget["width"] <= 24 - widget["x"], "width")
    need(1 <= widget["height"] <= 1_000, "height")
    _KINDS[widget["type"]](widget["properties"])


def _check_text(properties: dict[str, Any]) -> None:
    need(set(properties) <= {"markdown", "background"}, "keys of a text")
    need(bool(properties["markdown"]), "markdown")
    need(properties.get("background", "solid") in {"solid", "transparent"}, "background")


def _check_alarm(properties: dict[str, Any]) -> None:
    need(set(properties) <= {"alarms", "title", "sortBy", "states"}, "keys of an alarm widget")
    need(1 <= len(properties["alarms"]) <= 100, "1 to 100 alarms")
    need(all(arn.startswith("arn:") for arn in properties["alarms"]), "ARNs")
    orders = {"default", "stateUpdatedTimestamp", "timestamp"}
    need(properties.get("sortBy", "default") in orders, "sortBy")


def _check_log(properties: dict[str, Any]) -> None:
    need(set(properties) <= {"query", "region", "title", "view"}, "keys of a log widget")
    first, *commands = re.split(r"\s*\| ", properties["query"])
    need(re.fullmatch(r"SOURCE '[^']+'", first) is not None, "a query begins with its SOURCE")
    known = r"(SOURCE|fields|filter|sort|limit|stats|parse|display|dedup) .+"
    # `|` also occurs in patterns, so only whole lines count
    lines = properties["query"].split("\n| ")[1:]
    need(bool(commands) and all(re.fullmatch(known, line) for line in lines), "commands of a query")
    need(bool(properties["region"]), "region")
    need(properties["view"] in {"table", "timeSeries", "bar", "pie"}, "view")


def _check_metric(properties: dict[str, Any]) -> None:
    known = {"title", "metrics", "region", "period", "stat", "view", "stacked", "sparkline",
             "yAxis", "liveData", "annotations"}  # fmt: skip
    need(set(properties) <= known, f"keys of a metric widget: {sorted(set(properties) - known)}")
    need({"metrics", "region"} <= set(properties), "a metric widget needs metrics and region")
    need(properties["view"] in {"timeSeries", "singleValue"}, "view")
    need("sparkline" not in properties or properties["view"] == "singleValue", "sparkline")
    need("stacked" not in properties or properties["view"] == "timeSeries", "stacked")
    period = properties["period"]
    need(period in _PERIODS or (period > 0 and period % 60 == 0), "period")
    need(_STAT.fullmatch(properties["stat"]) is not None, "stat")
    for side, axis in properties.get("yAxis", {}).items():
        need(side in {"left", "right"}, "side of an axis")
        need(set(axis) <= {"min", "max", "label", "showUnits"}, "keys of an axis")
    _check_annotations(properties.get("annotations", {}))
    _check_metrics(properties["metrics"])


def _check_annotations(annotations: dict[str, Any]) -> None:
    need(set(annotations) <= {"horizontal", "vertical"}, "kinds of annotations")
    for mark in annotations.get("horizontal", []):
        keys = {"value", "label", "color", "fill", "visible", "yAxis"}
        need({"value"} <= set(mark) <= keys, "keys of an annotation")
        need(isinstance(mark["value"], (int, float)), "value of an annotation")


def _check_metrics(metrics: list[list[Any]]) -> None:
    need(0 < len(metrics) <= 500, "1 to 500 metrics")
    ids: set[str] = set()
    for *names, options in metrics:
        need(_ID.fullmatch(options["id"]) is not None, f"id {options['id']}")
        need(options["id"] not in ids, f"id {options['id']} twice")
        ids.add(options["id"])
        known = {"id", "label", "stat", "visible", "yAxis", "color", "expression"}
        need(set(options) <= known, "keys of a metric")
        need(options.get("yAxis", "left") in {"left", "right"}, "yAxis of a metric")
        need(_COLOR.fullmatch(options.get("color", "#000000")) is not None, "color")
        if "expression" in options:
            need(not names, "an expression names no metric")
        else:
            need(len(names) >= 2 and len(names) % 2 == 0, "namespace, name, pairs")
            need(len(names) <= 2 + 2 * 30, "30 dimensions")
            need(all(isinstance(name, str) and name for name in names), "names")
            need(_STAT.fullmatch(options["stat"]) is not None, "stat of a metric")
    for *_, options in metrics:
        used = set(_TOKEN.findall(options.get("expression", "")))
        need(used <= ids | _WORDS, f"an expression names {sorted(used - ids - _WORDS)}")
    need(any(options.get("visible", True) for *_, options in metrics), "nothing is visible")


_KINDS: dict[str, Callable[[dict[str, Any]], None]] = {
    "text": _check_text,
    "alarm": _check_alarm,
    "log": _check_log,
    "metric": _check_metric,
}
