"""How CloudWatch decides an alarm's state, as far as ours need it. Pure.

From "Alarm evaluation" and "Configuring how CloudWatch alarms treat missing data": the last
`periods` periods are looked at, the running one included; the alarm is on when at least `breaching`
of them lie above the threshold; a period without data counts as the alarm's `missing` says.
(CloudWatch looks for older data points where some are missing; ours count as missing at once.)
"""

from __future__ import annotations

from typing import Literal

import msgspec

from ops_dashboard.monitoring.metric_lines import Query
from ops_dashboard.monitoring.metric_math import Series

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm, as far as its evaluation needs it; breaching is what lies above `threshold`."""

    name: str
    queries: list[Query]
    """One of them returns its data: that is watched."""
    threshold: float
    period_s: int
    periods: int
    breaching: int
    """Periods of those that have to be above."""
    missing: str
    """CloudWatch's word: ``notBreaching`` or ``breaching``."""


def first_moment(definition: Definition, now_s: int) -> int:
    """Return the epoch second at which the first period that counts begins."""
    return _begins(definition, now_s)[-1]


def state_of(
    definition: Definition, watched: Series, now_s: int, before: str = "OK"
) -> tuple[State, str]:
    """Return the state at a moment, and why; `before` is the state until then.

    An alarm that was just made stays without data until there is some: its stack is silent yet.
    """
    values = [watched.get(begin) for begin in _begins(definition, now_s)]
    if before == "INSUFFICIENT_DATA" and definition.missing == "breaching" and not watched:
        return "INSUFFICIENT_DATA", "no data yet"
    breaching = [value for value in values if value is not None and value > definition.threshold]
    count = len(breaching)
    if definition.missing == "breaching":
        count += values.count(None)
    shown = ", ".join("no data" if value is None else f"{value:g}" for value in values)
    why = (
        f"{count} of {definition.periods} periods above {definition.threshold:g}"
        f" (needs {definition.breaching}), newest first: {shown}"
    )
    return ("ALARM" if count >= definition.breaching else "OK"), why


def _begins(definition: Definition, now_s: int) -> list[int]:
    """Return when each period that counts begins, the running one first."""
    running = now_s // definition.period_s * definition.period_s
    return [running - age * definition.period_s for age in range(definition.periods)]
