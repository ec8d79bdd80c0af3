"""Evaluates an alarm as CloudWatch does, for the kinds of alarm that we have. Pure.

From "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data" in CloudWatch's
user guide: of the last `periods` periods, the current one included, at least `breaching` must be
above the threshold; `missing` says how a period without data counts. (If points are missing,
CloudWatch also considers older ones; here a missing point is missing.)
"""

from __future__ import annotations

from typing import Literal

import msgspec

from ops_dashboard.monitoring.metric_lines import Query
from ops_dashboard.monitoring.metric_math import Series

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]


class AlarmDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of an alarm that its evaluation needs; above `threshold` is breaching."""

    name: str
    queries: list[Query]
    """One of them returns data, which the alarm watches."""
    threshold: float
    period_s: int
    periods: int
    breaching: int
    """Number of those periods that must be above the threshold."""
    missing: str
    """CloudWatch's setting: ``notBreaching``, ``breaching`` or ``missing``."""


def range_start(definition: AlarmDefinition, now_s: int) -> int:
    """Return the start of the first period to read, in epoch seconds."""
    return _period_starts(definition, now_s)[-1]


def evaluate(definition: AlarmDefinition, watched: Series, now_s: int) -> tuple[State, str]:
    """Return the state at `now_s`, and its reason."""
    values = [watched.get(start) for start in _period_starts(definition, now_s)]
    if definition.missing == "missing" and values.count(None) == len(values):
        return "INSUFFICIENT_DATA", "no data"
    breaching = [value for value in values if value is not None and value > definition.threshold]
    count = len(breaching)
    if definition.missing == "breaching":
        count += values.count(None)
    shown = ", ".join("no data" if value is None else f"{value:g}" for value in values)
    reason = (
        f"{count} of {definition.periods} periods above {definition.threshold:g}"
        f" (needs {definition.breaching}), newest first: {shown}"
    )
    return ("ALARM" if count >= definition.breaching else "OK"), reason


def _period_starts(definition: AlarmDefinition, now_s: int) -> list[int]:
    """Return the start of each period, the current one first."""
    current = now_s // definition.period_s * definition.period_s
    return [current - age * definition.period_s for age in range(definition.periods)]
