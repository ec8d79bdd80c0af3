"""Every alarm: what it watches, from where on, and what it means. Pure.

One dictionary from a stack's names and thresholds; Pulumi makes alarms of it, the console and the
dashboard show their states. Expressions add up with SUM over arrays, which passes over metrics that
have no data, and lean on what the sweeper emits each minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ops_dashboard.monitoring import cost, watched
from ops_dashboard.monitoring.metric_lines import HIDDEN, MOST, Line, Look, aws_metric, math, own
from ops_dashboard.monitoring.resources import Resources, Thresholds
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts.metrics import CATALOGUE, Service

PERIOD_S = 300
_HIDDEN_LEAST = Look(stat="Minimum", visible=False)
_FILLERS = {
    "collage": "Windows wait as dead letters because the collage function failed too often on them",
    "window-rule": "Events wait as dead letters because the bus could not deliver them",
    "sweeper": "Calls of the sweeper wait as dead letters because it failed on them",
    "prefetch": "Prefetch requests wait as dead letters because they failed too often",
    "intake": "Files or requests wait as dead letters because the intake failed too often on them",
}
"""What the dead letters of each queue are."""
_REASONS_IN_USE = 10
"""So many different reasons are billed as metrics of their own, more or less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm. It watches its only line, or the last one where there are several."""

    name: str
    meaning: str
    lines: Sequence[Line]
    above: float
    period_s: int = PERIOD_S
    periods: int = 1
    """Periods that are looked at."""
    breaching: int = 1
    """Periods of those that have to be above."""
    missing: Literal["notBreaching", "breaching"] = "notBreaching"

    @property
    def is_math(self) -> bool:
        """Tell whether it watches an expression."""
        return len(self.lines) > 1

    @property
    def metrics_read(self) -> int:
        """Return the number of metrics it reads: what AWS bills."""
        return sum(line.expression is None for line in self.lines)


def alarm_name(stack_prefix: str, name: str) -> str:
    """Return an alarm's name in AWS: ``coverstream-dev-poison``."""
    return f"{stack_prefix}-{name}"


def alarms(resources: Resources, thresholds: Thresholds) -> dict[str, Alarm]:
    """Return all alarms by name."""
    free = [
        _poison(resources),
        _given_up(resources),
        *_dead_letters(resources, thresholds),
        _error_rate(resources, thresholds),
        _duration(resources, thresholds),
        *_memory(resources, thresholds),
        _iterator_age(resources, thresholds),
        _stuck(resources, thresholds),
        _nothing_flows(resources, thresholds),
        _failed_images(resources, thresholds),
        _dropped(resources),
    ]
    read = sum(alarm.metrics_read for alarm in free)
    every = [*free, _cost(resources, thresholds, constant_usd(resources, read))]
    return {alarm.name: alarm for alarm in every}


def constant_usd(resources: Resources, metrics_read: int) -> float:
    """Return what a day costs on which nothing happens; `metrics_read` by the other alarms."""
    own_metrics = sum(len(metric.services) * metric.in_total for metric in CATALOGUE)
    return cost.constant_usd_per_day(
        resources,
        alarm_metrics=metrics_read + _COST_METRICS,
        own_metrics=own_metrics + _REASONS_IN_USE,
    )


_COST_METRICS = 10


def _poison(resources: Resources) -> Alarm:
    return Alarm(
        name="poison",
        meaning="Records of the stream could not be read; see failed/records/ and"
        " `ops-dashboard dlq list`.",
        lines=[
            own(
                resources,
                catalogue.RECORDS_QUARANTINED,
                Service.WINDOWING,
                "poison",
                "records quarantined",
            )
        ],
        above=0,
    )


def _given_up(resources: Resources) -> Alarm:
    return Alarm(
        name="windows-given-up",
        meaning="Windows were given up on; see `ops-dashboard dlq list`, then"
        " `ops-dashboard retry --failed`.",
        lines=[
            own(
                resources,
                catalogue.WINDOWS_GIVEN_UP,
                Service.SWEEPER,
                "given_up",
                "windows given up",
            )
        ],
        above=0,
    )


def _dead_letters(resources: Resources, thresholds: Thresholds) -> list[Alarm]:
    return [
        Alarm(
            name=f"{filler}-dead-letters",
            meaning=f"{_FILLERS[filler]}; `ops-dashboard dlq list` tells why, and once that is"
            " mended `ops-dashboard dlq redrive --all` sends them on.",
            lines=[watched.dead_letter_line(filler, queue)],
            above=thresholds.dead_letters,
        )
        for filler, queue in resources.dead_letters.items()
    ]


def _error_rate(resources: Resources, thresholds: Thresholds) -> Alarm:
    return Alarm(
        name="collage-errors",
        meaning=f"More than {thresholds.error_percent} % of windows or messages failed in the"
        " collage function; see its errors on the dashboard and `ops-dashboard dlq list`.",
        lines=watched.error_lines(resources),
        above=thresholds.error_percent,
    )


def _duration(resources: Resources, thresholds: Thresholds) -> Alarm:
    dimensions = {"FunctionName": resources.functions[Service.COLLAGE]}
    return Alarm(
        name="collage-duration",
        meaning=f"An invocation of the collage function took more than {thresholds.duration_s} s;"
        " see its p99 and the downloads on the dashboard.",
        lines=[
            aws_metric(
                "AWS/Lambda", "Duration", dimensions, "duration", "longest collage", look=MOST
            )
        ],
        above=1_000 * thresholds.duration_s,
    )


def _memory(resources: Resources, thresholds: Thresholds) -> list[Alarm]:
    return [
        Alarm(
            name=f"{service}-memory",
            meaning=f"The {service} function uses more than {thresholds.memory_percent} % of its"
            f" memory; raise {service}MemoryMb before it is killed.",
            lines=[watched.memory_line(resources, service)],
            above=thresholds.memory_percent,
        )
        for service in Service
    ]


def _iterator_age(resources: Resources, thresholds: Thresholds) -> Alarm:
    return Alarm(
        name="iterator-age",
        meaning=f"The stream is read {thresholds.iterator_age_minutes} minutes late or more; see"
        " the windowing function's errors, throttles and retries.",
        lines=[watched.iterator_age_line(resources)],
        above=60_000 * thresholds.iterator_age_minutes,
    )


def _stuck(resources: Resources, thresholds: Thresholds) -> Alarm:
    return Alarm(
        name="windows-stuck",
        meaning=f"A window has waited for its collage for {thresholds.window_age_minutes} minutes;"
        " see the queue's depth and the collage function's errors.",
        lines=[watched.oldest_window_line(resources)],
        above=60 * thresholds.window_age_minutes,
    )


def _nothing_flows(resources: Resources, thresholds: Thresholds) -> Alarm:
    """Watch that something moves while a batch is open; no word from the sweeper is an alarm, too.

    ``open * 0`` gives the sum a value for each minute that the sweeper spoke in, so that a stage
    which emits nothing counts as a stage in which nothing moves.
    """
    moving = [
        own(resources, metric, service, f"moved{number}", metric.name, look=HIDDEN)
        for number, (metric, service) in enumerate(
            [
                (catalogue.ROWS_RECEIVED, Service.WINDOWING),
                (catalogue.WINDOWS_CLOSED, Service.SWEEPER),
                (catalogue.COLLAGES_CREATED, Service.COLLAGE),
                (catalogue.COLLAGES_FAILED, Service.COLLAGE),
            ]
        )
    ]
    open_ = own(
        resources,
        catalogue.BATCHES_OPEN,
        Service.SWEEPER,
        "open",
        "open batches",
        look=_HIDDEN_LEAST,
    )
    ids = ", ".join(line.id for line in moving)
    still = f"IF(open > 0 AND SUM([open * 0, {ids}]) == 0, 1, 0)"
    periods = max(1, 60 * thresholds.idle_minutes // PERIOD_S)
    return Alarm(
        name="nothing-flows",
        meaning=f"A batch is open, but for {thresholds.idle_minutes} minutes no row came and no"
        " window ended (or the sweeper is silent); see `ops-dashboard status`.",
        lines=[open_, *moving, math("still", "1 where nothing moves", still)],
        above=0,
        periods=periods,
        breaching=periods,
        missing="breaching",
    )


def _failed_images(resources: Resources, thresholds: Thresholds) -> Alarm:
    """Watch two of three periods: one creator's dead covers are no rise, a changed CDN is."""
    return Alarm(
        name="image-failures",
        meaning=f"More than {thresholds.failed_images_percent} % of covers cannot be had any more,"
        " as when the CDN changes its signatures; see images failed by reason on the dashboard.",
        lines=watched.failed_images_lines(resources),
        above=thresholds.failed_images_percent,
        periods=3,
        breaching=2,
    )


def _dropped(resources: Resources) -> Alarm:
    return Alarm(
        name="metrics-dropped",
        meaning="CloudWatch could not read metrics in a function's log and dropped them, so charts"
        " and alarms see less than there is; look for lines with `_aws` in the log.",
        lines=watched.dropped_lines(resources),
        above=0,
    )


def _cost(resources: Resources, thresholds: Thresholds, constant: float) -> Alarm:
    return Alarm(
        name="cost",
        meaning=f"The day is estimated to have cost more than {thresholds.cost_usd_per_day} USD;"
        " see which part has risen in the chart of costs.",
        lines=cost.cost_lines(resources, constant),
        above=thresholds.cost_usd_per_day,
        period_s=cost.DAY_S,
    )
