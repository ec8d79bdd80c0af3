"""How long a job takes, stage by stage and in all. Pure.

Stages overlap: a window is built while later rows arrive. What is closed at the batch's end is
built after the last row, up to a minute later (the sweeper's); and where rows come mixed, no window
is full before a creator has 35.
"""

from __future__ import annotations

import math

import msgspec

from ops_dashboard.planner.bill import SWEEP_S, Stage
from ops_dashboard.planner.collage_work import CollageSize
from ops_dashboard.planner.measured import Figures
from ops_dashboard.planner.state_units import COLLAGE_WRITES, state_units
from ops_dashboard.planner.windowing_work import WINDOWS_PER_S, Windowing
from ops_dashboard.planner.workload import WINDOW_IMAGES, Job, Order

MIN_CONCURRENCY = 2
"""SQS's mapping takes no less (docs/facts.md#sqs)."""
FIRST_MESSAGES, MORE_A_SECOND = 5, 5
"""Lambda begins with 5 messages at once and adds up to 300 each minute (docs/facts.md#sqs)."""
_EVENTS_PER_S = 10_000
"""PutEvents in us-east-1 (docs/facts.md#eventbridge)."""
_MINUTE, _HOUR = 60, 60


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """How long the stages take, each by itself, and all of them together."""

    stages: dict[Stage, float]
    rows_in_s: float
    """When the last row has been folded."""
    seconds: float

    @property
    def binds(self) -> Stage:
        """The stage that takes longest."""
        return max(self.stages, key=lambda stage: self.stages[stage])


def timing(
    job: Job, figures: Figures, work: Windowing, size: CollageSize, concurrency: int
) -> Timing:
    """Return how long a job takes with `concurrency` collages at once."""
    measured = figures.measured
    a_window_s = max(
        size.seconds / concurrency,
        1 / WINDOWS_PER_S,
        COLLAGE_WRITES / figures.assumed.table_writes_per_s,
    )
    ramp_s = max(0, concurrency - FIRST_MESSAGES) / MORE_A_SECOND
    stages = {
        Stage.PUSH: job.images / measured.push_rows_per_s,
        Stage.STREAM: job.images / (work.stream.width * measured.rows_per_shard_s),
        Stage.WINDOWING: work.seconds,
        Stage.BUS: max(ramp_s, 2 * job.windows / _EVENTS_PER_S),
        Stage.COLLAGE: job.windows * a_window_s,
    }
    rows_s = max(stages[stage] for stage in (Stage.PUSH, Stage.STREAM, Stage.WINDOWING))
    full_after_s = 0.0
    if job.order is not Order.SORTED:
        full_after_s = min(1.0, WINDOW_IMAGES / job.images_a_creator) * rows_s
    closing_s = 0.0
    if job.partial_windows:
        units = state_units(figures)
        written_s = (units.a_write + units.a_window) / figures.assumed.table_writes_per_s
        closing_s = SWEEP_S + job.partial_windows * max(a_window_s, written_s)
    delay_s = work.stream.batching_window_s + work.delivery_s
    built_s = max(
        rows_s + closing_s,
        full_after_s + ramp_s + stages[Stage.COLLAGE],
    )
    return Timing(
        stages=stages, rows_in_s=delay_s + rows_s, seconds=delay_s + built_s + size.seconds
    )


def fastest_concurrency(job: Job, size: CollageSize, most: int) -> int:
    """Return the concurrency, up to `most`, beyond which starting takes longer than it saves."""
    saves_until = math.isqrt(math.ceil(MORE_A_SECOND * job.windows * size.seconds))
    return max(MIN_CONCURRENCY, min(most, saves_until))


def duration(seconds: float) -> str:
    """Return a duration as a person reads it, rounded up: ``48s``, ``12m 05s``, ``3h 20m``."""
    minutes, rest = divmod(math.ceil(seconds), _MINUTE)
    if not minutes:
        return f"{rest}s"
    if minutes < _HOUR:
        return f"{minutes}m {rest:02}s"
    hours, minutes = divmod(minutes + bool(rest), _HOUR)
    return f"{hours}h {minutes:02}m"
