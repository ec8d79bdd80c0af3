"""What an alarm is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ops_dashboard.monitoring.metric_lines import Line

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
    missing: Literal["notBreaching", "breaching"] = "notBreaching"

    @property
    def is_math(self) -> bool:
        """Whether it watches an expression."""
        return len(self.lines) > 1

    @property
    def metrics_read(self) -> int:
        """Number of metrics that it reads, which is what AWS bills."""
        return sum(line.expression is None for line in self.lines)


def alarm_name(stack_prefix: str, name: str) -> str:
    """Return an alarm's name in AWS, such as ``coverstream-dev-poison``."""
    return f"{stack_prefix}-{name}"
