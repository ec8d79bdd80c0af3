"""The body of a stack's CloudWatch dashboard: an overview, then a row for each stage. Pure.

The overview is what a person reads in ten seconds: is anything in alarm, what came in, what came
out, what failed, how old is the oldest of what is under way, what has the day cost. The rows below
follow the covers' way: stream, windowing, bus, queue, collage, dead letters, the latest errors.
The console draws the same widgets (`ops_dashboard.monitoring.metric_lines.metric_queries`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collage_lambda.reasons import FailureReason
from ops_dashboard.monitoring import alarms, cost, stages, watched
from ops_dashboard.monitoring.metric_lines import HIDDEN, MOST, Line, math, own
from ops_dashboard.monitoring.resources import Resources, Thresholds
from ops_dashboard.monitoring.widgets import Widget, alarm_status, chart, number, rows, text
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts.metrics import Service

Body = dict[str, Any]


def dashboard_body(resources: Resources, thresholds: Thresholds, alarm_arns: Sequence[str]) -> Body:
    """Return the whole dashboard; `alarm_arns` are of the stack's own alarms."""
    each = [
        [text(_headline(resources), height=2)],
        [alarm_status("Alarms", alarm_arns)],
        _figures(resources, thresholds),
        _courses(resources),
        *stages.stage_rows(resources, thresholds),
    ]
    return {"start": "-PT3H", "periodOverride": "inherit", "widgets": rows(each)}


def _headline(resources: Resources) -> str:
    return (
        f"# Coverstream {resources.stack}\n"
        "Rows come in by the stream, windows close, collages are made. Look at what is in alarm,"
        " then at an age that only rises; each stage has a row below."
    )


def _figures(resources: Resources, thresholds: Thresholds) -> list[Widget]:
    """Return the six figures, of the running hour but for the oldest work and the cost."""
    region = resources.region
    arrived = own(
        resources, catalogue.ROWS_RECEIVED, Service.WINDOWING, "rows", "rows in, this hour"
    )
    made = own(
        resources, catalogue.COLLAGES_CREATED, Service.COLLAGE, "made", "collages, this hour"
    )
    failed = own(
        resources, catalogue.IMAGES_FAILED, Service.COLLAGE, "failed", "images failed, this hour"
    )
    oldest = own(
        resources, catalogue.OLDEST_WORK_AGE, Service.SWEEPER, "oldest", "seconds", look=MOST
    )
    return [
        number("Rows in", [arrived], region),
        number("Windows closed", windows_closed(resources), region),
        number("Collages made", [made], region),
        number("Images failed", [failed], region),
        number("Oldest open work", [oldest], region, period_s=60),
        number(
            "Estimated cost today",
            cost_so_far(resources, thresholds),
            region,
            period_s=cost.DAY_S,
        ),
    ]


def windows_closed(resources: Resources) -> list[Line]:
    """Return the hidden counts of both closers, and their sum."""
    by = [
        own(
            resources,
            catalogue.WINDOWS_CLOSED,
            service,
            f"by_{service}",
            f"by {service}",
            look=HIDDEN,
        )
        for service in (Service.WINDOWING, Service.SWEEPER)
    ]
    total = f"SUM([{', '.join(line.id for line in by)}])"
    return [*by, math("closed", "windows, this hour", total)]


def cost_so_far(resources: Resources, thresholds: Thresholds) -> list[Line]:
    """Return the lines of the cost alarm: what is shown is what is watched."""
    return list(alarms.alarms(resources, thresholds)["cost"].lines)


def _courses(resources: Resources) -> list[Widget]:
    flow = [
        *watched.ours(
            resources,
            Service.WINDOWING,
            {
                "rows in": catalogue.ROWS_RECEIVED,
                "accepted": catalogue.ROWS_ACCEPTED,
                "known already": catalogue.ROWS_DUPLICATE,
            },
        ),
        *watched.ours(resources, Service.COLLAGE, {"images in collages": catalogue.IMAGES_OK}),
    ]
    work = [
        own(resources, catalogue.BATCHES_OPEN, Service.SWEEPER, "open", "open batches", look=MOST),
        own(
            resources,
            catalogue.WINDOWS_WAITING,
            Service.SWEEPER,
            "waiting",
            "windows without a collage yet",
            look=MOST,
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
        chart("Work under way", work, resources.region, unit="at once"),
    ]


def failed_by_reason(resources: Resources) -> list[Line]:
    """Return a line for each reason for which a cell can stay empty."""
    return [
        own(
            resources,
            catalogue.IMAGES_FAILED,
            Service.COLLAGE,
            f"reason_{reason}",
            reason.replace("_", " "),
            reason=reason,
        )
        for reason in FailureReason
    ]
