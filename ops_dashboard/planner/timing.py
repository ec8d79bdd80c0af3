"""Duration of a job, of each stage and in all. Pure.

Stages overlap: a window is built while later rows arrive. Windows that the sweeper closes at the
batch's end are built after the last row, up to a minute later. If rows are mixed, no window is full
before its creator has 35.
"""

from __future__ import annotations

import math

import msgspec

from collage_lambda.messages import MESSAGES_PER_DELIVERY
from ops_dashboard.planner.bill import SWEEP_S, Stage
from ops_dashboard.planner.collage_work import CollageSize
from ops_dashboard.planner.intake_work import entrance_rows_per_s
from ops_dashboard.planner.measured import Figures
from ops_dashboard.planner.state_units import COLLAGE_WRITES, state_units
from ops_dashboard.planner.windowing_work import WINDOWS_PER_S, WindowingWork
from ops_dashboard.planner.workload import WINDOW_IMAGES, Job, Order

MIN_CONCURRENCY = 2
"""Minimum of an SQS event source mapping (docs/facts.md#sqs)."""
FIRST_MESSAGES, MORE_PER_SECOND = 5, 5
"""Lambda starts with 5 concurrent messages and adds up to 300 per minute (docs/facts.md#sqs)."""
_EVENTS_PER_S = 10_000
"""Quota of PutEvents in us-east-1 (docs/facts.md#eventbridge)."""
_MINUTE, _HOUR = 60, 60


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Duration of each stage by itself, and of the whole job."""

    stages: dict[Stage, float]
    rows_in_s: float
    """When the last row has been folded."""
    seconds: float

    @property
    def bottleneck(self) -> Stage:
        """The stage that takes longest."""
        return max(self.stages, key=lambda stage: self.stages[stage])


def timing(
    job: Job, figures: Figures, work: WindowingWork, size: CollageSize, concurrency: int
) -> Timing:
    """Return the timing of a job with `concurrency` concurrent collages."""
    measured, entrance = figures.measured, Stage.INTAKE if job.files else Stage.PUSH
    window_s = max(
        size.seconds / concurrency,
        1 / WINDOWS_PER_S,
        COLLAGE_WRITES / figures.assumed.table_writes_per_s,
    )
    ramp_s = max(0, concurrency - FIRST_MESSAGES) / MORE_PER_SECOND
    stages = {
        entrance: job.images / entrance_rows_per_s(job, figures),
        Stage.STREAM: job.images / (work.stream.width * measured.rows_per_shard_s),
        Stage.WINDOWING: work.seconds,
        Stage.BUS: max(ramp_s, 2 * job.windows / _EVENTS_PER_S),
        Stage.COLLAGE: job.windows * window_s,
    }
    rows_s = max(stages[stage] for stage in (entrance, Stage.STREAM, Stage.WINDOWING))
    full_after_s = 0.0
    if job.order is not Order.SORTED:
        full_after_s = min(1.0, WINDOW_IMAGES / job.images_per_creator) * rows_s
    closing_s = 0.0
    if job.partial_windows:
        units = state_units(figures)
        written_s = (units.per_write + units.per_window) / figures.assumed.table_writes_per_s
        closing_s = SWEEP_S + job.partial_windows * max(window_s, written_s)
    delay_s = work.stream.batching_window_s + work.delivery_s
    built_s = max(
        rows_s + closing_s,
        full_after_s + ramp_s + stages[Stage.COLLAGE],
    )
    return Timing(
        stages=stages,
        rows_in_s=delay_s + rows_s,
        seconds=delay_s + built_s + min(MESSAGES_PER_DELIVERY, job.windows) * size.seconds,
    )


def fastest_concurrency(job: Job, size: CollageSize, max_concurrency: int) -> int:
    """Return the concurrency beyond which scaling up takes longer than it saves."""
    saves_until = math.isqrt(math.ceil(MORE_PER_SECOND * job.windows * size.seconds))
    return max(MIN_CONCURRENCY, min(max_concurrency, saves_until))


def duration(seconds: float) -> str:
    """Return a duration as text, rounded up: ``48s``, ``12m 05s``, ``3h 20m``."""
    minutes, rest = divmod(math.ceil(seconds), _MINUTE)
    if not minutes:
        return f"{rest}s"
    if minutes < _HOUR:
        return f"{minutes}m {rest:02}s"
    hours, minutes = divmod(minutes + bool(rest), _HOUR)
    return f"{hours}h {minutes:02}m"
