"""The dashboard's rows on the intake: dropped files and requests. Pure."""

from __future__ import annotations

from ops_dashboard.monitoring import watched
from ops_dashboard.monitoring.alarms import alarms
from ops_dashboard.monitoring.metric_lines import Line, LineStyle, custom_metric
from ops_dashboard.monitoring.resources import Resources, Thresholds
from ops_dashboard.monitoring.widgets import Widget, chart, threshold
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts.metrics import Service
from stream_ingest.sources.rejection import Rejection

_RIGHT = LineStyle(on_right=True)


def files(resources: Resources) -> list[Widget]:
    """Return the charts of files, rejections and rows."""
    endings = {
        "read": catalogue.FILES_READ,
        "read in part": catalogue.FILES_CUT,
        "gone": catalogue.FILES_GONE,
        "continued later": catalogue.FILES_CONTINUED,
        "messages that failed": catalogue.MESSAGES_FAILED,
    }
    found = {"found by the sweeper": catalogue.FILES_FOUND}
    rows = {"read": catalogue.FILE_ROWS, "refused": catalogue.FILE_ROWS_REFUSED}
    size = custom_metric(
        resources, catalogue.FILE_BYTES, Service.INTAKE, "file_bytes", "bytes", style=_RIGHT
    )
    return [
        chart(
            "Files",
            [
                *watched.custom_metrics(resources, Service.INTAKE, endings),
                *watched.custom_metrics(resources, Service.SWEEPER, found),
            ],
            resources.region,
            unit="a minute",
        ),
        chart(
            "Files rejected, by reason",
            _rejected(resources),
            resources.region,
            unit="a minute",
            stacked=True,
        ),
        chart(
            "Rows of files",
            [*watched.custom_metrics(resources, Service.INTAKE, rows), size],
            resources.region,
            unit="rows a minute",
            right_unit="bytes a minute",
        ),
    ]


def _rejected(resources: Resources) -> list[Line]:
    return [
        custom_metric(
            resources,
            catalogue.FILES_REJECTED,
            Service.INTAKE,
            f"rejected_{reason}",
            reason.replace("_", " "),
            reason=reason,
        )
        for reason in Rejection
    ]


def work(resources: Resources, thresholds: Thresholds) -> list[Widget]:
    """Return the charts of the intake's duration and of its queue."""
    mark = threshold(alarms(resources, thresholds)["files-waiting"])
    return [
        chart(
            "Intake duration",
            watched.duration_lines(resources, Service.INTAKE),
            resources.region,
            unit="milliseconds",
        ),
        chart(
            "Files and requests waiting",
            watched.depth_lines(resources.intake_queue, "files_", "being read"),
            resources.region,
            unit="messages",
        ),
        chart(
            "Age of the oldest file or request",
            [watched.oldest_message_line(resources.intake_queue, "files_age")],
            resources.region,
            unit="seconds",
            annotations=[mark],
        ),
    ]
