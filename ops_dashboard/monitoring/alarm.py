"""What an alarm is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ops_dashboard.monitoring.metric_lines import Line
from stream_ingest.contracts.settings import DAY_S

PERIOD_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm. It watches its only line, or the last one if there are several."""

    name: str
    meaning: str
    lines: Sequence[Line]
    above: float
    period_s: int = PERIOD_S
    periods: int = 1
    """Number of most recent periods to evaluate."""
    breaching: int = 1
    """Number of those periods that must be above the threshold."""
    missing: Literal["notBreaching", "missing"] = "notBreaching"
    """``missing`` for a metric that always has data: without any, the alarm's state becomes
    INSUFFICIENT_DATA, which is reported like an alarm. A new alarm has that state from the
    beginning, which is not reported; ``breaching`` would raise it before anything could emit."""
    unit: str = ""
    """Unit in which `limit` is shown, with the space before it."""
    scale: int = 1
    """`above` in that unit, times this, is `above` in the metric's."""

    @property
    def is_math(self) -> bool:
        """Whether it watches an expression."""
        return len(self.lines) > 1

    @property
    def limit(self) -> str:
        """Return the threshold as a person reads it: ``108 s``."""
        return f"{self.above / self.scale:,.10g}{self.unit}"

    @property
    def condition(self) -> str:
        """Return when it is raised, by the figures that are deployed."""
        if self.periods == 1:
            when = f"in {_span(self.period_s)}"
        elif self.breaching == self.periods:
            when = f"for {_span(self.periods * self.period_s)}"
        else:
            when = f"in {self.breaching} of {self.periods} periods of {_span(self.period_s)}"
        return f"more than {self.limit} {when}"

    @property
    def description(self) -> str:
        """Return its meaning and its condition, for CloudWatch and whoever it notifies."""
        return f"{self.meaning} Raised if {self.condition}."

    @property
    def metrics_read(self) -> int:
        """Number of metrics that it reads, which is what AWS bills."""
        return sum(line.expression is None for line in self.lines)


def _span(seconds: int) -> str:
    """Return a duration in words: ``5 minutes``, ``a day``."""
    if seconds == DAY_S:
        return "a day"
    return f"{seconds // 60} minutes"


def alarm_name(stack_prefix: str, name: str) -> str:
    """Return an alarm's name in AWS, such as ``coverstream-dev-poison``."""
    return f"{stack_prefix}-{name}"
