"""Every alarm: what it watches, its threshold and its meaning. Pure.

`alarms` is a function of a stack's names and thresholds; Pulumi creates the alarms from it, the
console and the dashboard show their states. Expressions add with SUM over arrays, which skips
metrics without data, and rely on what the sweeper emits each minute.
"""

from __future__ import annotations

from collections.abc import Mapping

from ops_dashboard.monitoring import cost, watched
from ops_dashboard.monitoring.alarm import PERIOD_S, Alarm
from ops_dashboard.monitoring.metric_lines import (
    HIDDEN,
    MAX,
    LineStyle,
    aws_metric,
    custom_metric,
    expression,
)
from ops_dashboard.monitoring.resources import Resources, Thresholds
from ops_dashboard.monitoring.unwanted import unwanted
from ops_dashboard.monitoring.waiting_files import waiting_files
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts.dead_letter_kinds import DeadLetterKind
from stream_ingest.contracts.metrics import Service
from stream_ingest.contracts.settings import DAY_S

_HIDDEN_MIN = LineStyle(stat="Minimum", visible=False)
_MEMORY: Mapping[str, str] = {Service.LINKS: "photosUploadLinksMemoryMb"}
"""Settings of functions' memory that are not named after the function."""
_DEAD_LETTERS: Mapping[str, str] = {
    DeadLetterKind.COLLAGE: (
        "Windows became dead letters because the collage function failed on them repeatedly"
    ),
    DeadLetterKind.WINDOW_RULE: (
        "Events became dead letters because the bus could not deliver them to the queue"
    ),
    DeadLetterKind.SWEEPER: "Invocations of the sweeper became dead letters because they failed",
    DeadLetterKind.PREFETCH: "Prefetch requests wait as dead letters because they failed too often",
    DeadLetterKind.INTAKE: (
        "Files or requests became dead letters because the intake failed on them repeatedly"
    ),
    DeadLetterKind.PHOTOS: (
        "Photos became dead letters because the rendition function failed on them repeatedly"
    ),
    DeadLetterKind.NOTIFICATION: (
        "Notifications became dead letters because the webhook or topic did not accept them for a"
        " day"
    ),
}
"""The first sentence of the alarm on each dead-letter queue."""


def alarms(resources: Resources, thresholds: Thresholds) -> dict[str, Alarm]:
    """Return all alarms by name."""
    free = [
        *unwanted(resources),
        waiting_files(resources, thresholds),
        *_dead_letters(resources, thresholds),
        _error_rate(resources, thresholds),
        *_function_errors(resources, thresholds),
        _duration(resources, thresholds),
        *_memory(resources, thresholds),
        _iterator_age(resources, thresholds),
        _stuck(resources, thresholds),
        *_photos_stuck(resources, thresholds),
        _nothing_flows(resources, thresholds),
        _failed_images(resources, thresholds),
        *_dropped(resources),
        _follow(resources),
    ]
    read = sum(alarm.metrics_read for alarm in free)
    every = [*free, _cost(resources, thresholds, cost.idle_day_usd(resources, read))]
    return {alarm.name: alarm for alarm in every}


def _dead_letters(resources: Resources, thresholds: Thresholds) -> list[Alarm]:
    return [
        Alarm(
            name=f"{kind}-dead-letters",
            meaning=f"{_DEAD_LETTERS[kind]}, more than {thresholds.dead_letters:,} of them;"
            " `ops-dashboard dlq list` shows why; after fixing the cause,"
            " `ops-dashboard dlq redrive --all` sends them again.",
            lines=[watched.dead_letter_line(kind, queue)],
            above=thresholds.dead_letters,
            unit=" messages",
        )
        for kind, queue in resources.dead_letters.items()
    ]


def _error_rate(resources: Resources, thresholds: Thresholds) -> Alarm:
    return Alarm(
        name="collage-errors",
        meaning=f"More than {thresholds.error_percent} % of windows or messages failed in the"
        " collage function; see its errors on the dashboard and `ops-dashboard dlq list`.",
        lines=watched.error_lines(resources),
        above=thresholds.error_percent,
        unit=" %",
    )


def _function_errors(resources: Resources, thresholds: Thresholds) -> list[Alarm]:
    """Watch the other functions; `_error_rate` counts the crashes of the collage function."""
    return [
        Alarm(
            name=f"{service}-errors",
            meaning=f"More than {thresholds.error_percent} % of the {service} function's"
            " invocations failed; see the latest errors on the dashboard.",
            lines=watched.crash_lines(resources, service),
            above=thresholds.error_percent,
            unit=" %",
        )
        for service in resources.deployed
        if service is not Service.COLLAGE
    ]


def _duration(resources: Resources, thresholds: Thresholds) -> Alarm:
    name = {"FunctionName": resources.functions[Service.COLLAGE]}
    return Alarm(
        name="collage-duration",
        meaning=f"An invocation of the collage function took more than {thresholds.duration_s} s;"
        " see its p99 and the downloads on the dashboard.",
        lines=[
            aws_metric("AWS/Lambda", "Duration", name, "duration", "longest collage", style=MAX),
        ],
        above=1_000 * thresholds.duration_s,
        unit=" s",
        scale=1_000,
    )


def _memory(resources: Resources, thresholds: Thresholds) -> list[Alarm]:
    return [
        Alarm(
            name=f"{service}-memory",
            meaning=f"The {service} function uses more than {thresholds.memory_percent} % of its"
            f" memory; raise {_MEMORY.get(service, f'{service}MemoryMb')} before it is killed.",
            lines=[watched.memory_line(resources, service)],
            above=thresholds.memory_percent,
            unit=" %",
        )
        for service in resources.deployed
    ]


def _iterator_age(resources: Resources, thresholds: Thresholds) -> Alarm:
    return Alarm(
        name="iterator-age",
        meaning=f"The stream's reader is more than {thresholds.iterator_age_minutes:,} minutes"
        " behind; see the windowing function's errors, throttles and retries.",
        lines=[watched.iterator_age_line(resources)],
        above=60_000 * thresholds.iterator_age_minutes,
        unit=" minutes",
        scale=60_000,
    )


def _stuck(resources: Resources, thresholds: Thresholds) -> Alarm:
    return Alarm(
        name="windows-stuck",
        meaning="A window has waited for its collage for more than"
        f" {thresholds.window_age_minutes:,} minutes; see the queue depth and the collage"
        " function's errors.",
        lines=[watched.oldest_window_line(resources)],
        above=60 * thresholds.window_age_minutes,
        unit=" minutes",
        scale=60,
    )


def _photos_stuck(resources: Resources, thresholds: Thresholds) -> list[Alarm]:
    if Service.PHOTOS not in resources.deployed:
        return []
    return [
        Alarm(
            name="photos-stuck",
            meaning="A photo has waited for its end, or an end for its event, for more than"
            f" {thresholds.window_age_minutes:,} minutes; see the depth of the photos' queues and"
            " the rendition function's errors.",
            lines=[watched.oldest_photo_line(resources)],
            above=60 * thresholds.window_age_minutes,
            unit=" minutes",
            scale=60,
        )
    ]


def _nothing_flows(resources: Resources, thresholds: Thresholds) -> Alarm:
    """Watch that work progresses while a batch is open; a silent sweeper is reported, too.

    ``open * 0`` gives the sum a value for each minute in which the sweeper emitted, so that a stage
    that emits nothing counts as idle.
    """
    moving = [
        custom_metric(resources, metric, service, f"moved{number}", metric.name, style=HIDDEN)
        for number, (metric, service) in enumerate(
            [
                (catalogue.ROWS_RECEIVED, Service.WINDOWING),
                (catalogue.WINDOWS_CLOSED, Service.SWEEPER),
                (catalogue.COLLAGES_CREATED, Service.COLLAGE),
                (catalogue.COLLAGES_FAILED, Service.COLLAGE),
            ]
        )
    ]
    open_ = custom_metric(
        resources,
        catalogue.BATCHES_OPEN,
        Service.SWEEPER,
        "open",
        "open batches",
        style=_HIDDEN_MIN,
    )
    ids = ", ".join(line.id for line in moving)
    still = f"IF(open > 0 AND SUM([open * 0, {ids}]) == 0, 1, 0)"
    periods = max(1, 60 * thresholds.idle_minutes // PERIOD_S)
    return Alarm(
        name="nothing-flows",
        meaning=f"A batch is open, but for {periods * PERIOD_S // 60} minutes no row arrived and no"
        " window ended; see `ops-dashboard status`. If it is reported as insufficient data, the"
        " sweeper emits no metrics; see `ops-dashboard doctor`.",
        lines=[open_, *moving, expression("still", "1 if nothing moves", still)],
        above=0,
        periods=periods,
        breaching=periods,
        missing="missing",
    )


def _failed_images(resources: Resources, thresholds: Thresholds) -> Alarm:
    """Watch two of three periods, so that one creator's dead covers raise no alarm."""
    return Alarm(
        name="image-failures",
        meaning=f"More than {thresholds.failed_images_percent} % of covers could not be downloaded,"
        " for example because the CDN changed its signatures; see images failed by reason on the"
        " dashboard.",
        lines=watched.failed_images_lines(resources),
        above=thresholds.failed_images_percent,
        unit=" %",
        periods=3,
        breaching=2,
    )


def _dropped(resources: Resources) -> list[Alarm]:
    """Watch the logs of photos by an alarm of their own: an alarm has at most ten metrics."""
    of_photos = (Service.PHOTOS, Service.LINKS)
    photos = [service for service in resources.deployed if service in of_photos]
    others = [service for service in resources.deployed if service not in of_photos]
    watching = [("metrics-dropped", "a function's log", others)]
    if photos:
        watching.append(("photos-metrics-dropped", "the logs of photos", photos))
    return [
        Alarm(
            name=name,
            meaning=f"CloudWatch could not read metrics in {whose} and dropped them, so charts"
            " and alarms miss them; search the log for lines with `_aws`.",
            lines=watched.dropped_lines(resources, services),
            above=0,
        )
        for name, whose, services in watching
    ]


def _follow(resources: Resources) -> Alarm:
    """Watch three periods: a follower waits two minutes at most between two attempts."""
    periods = 3
    return Alarm(
        name="follow-failures",
        meaning=f"`stream-ingest follow` has failed for {periods * PERIOD_S // 60} minutes; see its"
        " log or health file for the error of the database or AWS.",
        lines=[
            custom_metric(
                resources,
                catalogue.FOLLOW_FAILURES,
                Service.FOLLOW,
                "follow_failures",
                "failures of followers",
            )
        ],
        above=0,
        periods=periods,
        breaching=periods,
    )


def _cost(resources: Resources, thresholds: Thresholds, constant: float) -> Alarm:
    return Alarm(
        name="cost",
        meaning=f"The day is estimated to cost more than {thresholds.cost_usd_per_day:,} USD;"
        " see the chart of costs for the part that rose.",
        lines=cost.cost_lines(resources, constant),
        above=thresholds.cost_usd_per_day,
        unit=" USD",
        period_s=DAY_S,
    )
