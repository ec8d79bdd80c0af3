"""The body of a stack's CloudWatch dashboard: an overview, then a row for each stage. Pure.

The overview can be read in ten seconds: alarms, rows in, windows, collages, failed images, the age
of the oldest work in progress, the cost of the day. The rows below follow a cover through the
stages: stream, windowing, bus, queue, collage, dead letters, the latest errors. The console draws
the same widgets (`ops_dashboard.monitoring.metric_lines.metric_queries`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collage_lambda.reasons import FailureReason
from ops_dashboard.monitoring import stages, stages_cost, watched
from ops_dashboard.monitoring.metric_lines import HIDDEN, MAX, Line, custom_metric, expression
from ops_dashboard.monitoring.resources import Resources, Thresholds
from ops_dashboard.monitoring.widgets import Widget, alarm_status, chart, number, rows, text
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts.metrics import Service
from stream_ingest.contracts.settings import DAY_S

Body = dict[str, Any]


def dashboard_body(resources: Resources, thresholds: Thresholds, alarm_arns: Sequence[str]) -> Body:
    """Return the whole dashboard; `alarm_arns` are those of the stack's alarms."""
    each = [
        [text(_headline(resources), height=3)],
        [alarm_status("Alarms", alarm_arns)],
        _figures(resources, thresholds),
        _trends(resources),
        *stages.stage_rows(resources, thresholds),
    ]
    return {"start": "-PT3H", "periodOverride": "inherit", "widgets": rows(each)}


def _headline(resources: Resources) -> str:
    return (
        f"# Coverstream {resources.stack}\n"
        "Rows arrive through the stream, windows close, collages are built. Check the alarms first,"
        " then any age that keeps rising; each stage has a row below. A chart without data is about"
        " what did not happen (refusals, throttles) or is not used (followed tables)."
    )


def _figures(resources: Resources, thresholds: Thresholds) -> list[Widget]:
    """Return the six figures; they cover the current hour, except oldest work and cost."""
    region = resources.region
    arrived = custom_metric(
        resources, catalogue.ROWS_RECEIVED, Service.WINDOWING, "rows", "rows in, this hour"
    )
    made = custom_metric(
        resources, catalogue.COLLAGES_CREATED, Service.COLLAGE, "made", "collages, this hour"
    )
    failed = custom_metric(
        resources, catalogue.IMAGES_FAILED, Service.COLLAGE, "failed", "images failed, this hour"
    )
    oldest = custom_metric(
        resources, catalogue.OLDEST_WORK_AGE, Service.SWEEPER, "oldest", "seconds", style=MAX
    )
    return [
        number("Rows in", [arrived], region),
        number("Windows closed", windows_closed(resources), region),
        number("Collages built", [made], region),
        number("Images failed", [failed], region),
        number("Oldest work in progress", [oldest], region, period_s=60),
        number(
            "Estimated cost today",
            stages_cost.so_far(resources, thresholds),
            region,
            period_s=DAY_S,
        ),
    ]


def windows_closed(resources: Resources) -> list[Line]:
    """Return the hidden counts of windows closed by each function, and their sum."""
    by = [
        custom_metric(
            resources,
            catalogue.WINDOWS_CLOSED,
            service,
            f"by_{service}",
            f"by {service}",
            style=HIDDEN,
        )
        for service in (Service.WINDOWING, Service.SWEEPER)
    ]
    total = f"SUM([{', '.join(line.id for line in by)}])"
    return [*by, expression("closed", "windows, this hour", total)]


def _trends(resources: Resources) -> list[Widget]:
    flow = [
        *watched.custom_metrics(
            resources,
            Service.WINDOWING,
            {
                "rows in": catalogue.ROWS_RECEIVED,
                "accepted": catalogue.ROWS_ACCEPTED,
                "duplicate": catalogue.ROWS_DUPLICATE,
                "blocked": catalogue.ROWS_BLOCKED,
            },
        ),
        *watched.custom_metrics(
            resources, Service.COLLAGE, {"images in collages": catalogue.IMAGES_OK}
        ),
    ]
    work = [
        custom_metric(
            resources, catalogue.BATCHES_OPEN, Service.SWEEPER, "open", "open batches", style=MAX
        ),
        custom_metric(
            resources,
            catalogue.WINDOWS_WAITING,
            Service.SWEEPER,
            "waiting",
            "windows without a collage yet",
            style=MAX,
        ),
    ]
    return [
        chart("Rows in, images out", flow, resources.region, unit="a minute"),
        chart(
            "Images failed, by reason",
            failed_by_reason(resources),
            resources.region,
            unit="a minute",
            stacked=True,
        ),
        chart("Work in progress", work, resources.region, unit="at once"),
    ]


def failed_by_reason(resources: Resources) -> list[Line]:
    """Return a line for each reason why a cell can stay empty."""
    return [
        custom_metric(
            resources,
            catalogue.IMAGES_FAILED,
            Service.COLLAGE,
            f"reason_{reason}",
            reason.replace("_", " "),
            reason=reason,
        )
        for reason in FailureReason
    ]
