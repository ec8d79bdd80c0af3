"""The dashboard's rows on the collage and prefetch functions and on dead letters. Pure."""

from __future__ import annotations

from collage_lambda.reasons import FailureReason
from ops_dashboard.monitoring import watched
from ops_dashboard.monitoring.alarms import alarms
from ops_dashboard.monitoring.metric_lines import Line, LineStyle, custom_metric
from ops_dashboard.monitoring.resources import Resources, Thresholds
from ops_dashboard.monitoring.widgets import Annotation, Widget, chart, threshold
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts.metrics import Metric, Service

_RIGHT = LineStyle(on_right=True)


def building(resources: Resources, thresholds: Thresholds) -> list[Widget]:
    """Return the charts of durations, waiting times and memory."""
    known = alarms(resources, thresholds)
    memory = [watched.memory_line(resources, service) for service in resources.deployed]
    return [
        chart(
            "Collage duration",
            watched.duration_lines(resources, Service.COLLAGE),
            resources.region,
            unit="milliseconds",
            annotations=[threshold(known["collage-duration"])],
            width=6,
        ),
        chart(
            "Processing of a window",
            _percentiles(resources, catalogue.PROCESSING_DURATION, "took"),
            resources.region,
            unit="milliseconds",
            width=6,
        ),
        chart(
            "Time from a window's closing to its collage",
            _percentiles(resources, catalogue.WINDOW_LATENCY, "waited"),
            resources.region,
            unit="milliseconds",
            width=6,
        ),
        chart(
            "Memory used",
            memory,
            resources.region,
            unit="percent",
            annotations=[Annotation(label="alarm", value=thresholds.memory_percent)],
            width=6,
        ),
    ]


def _percentiles(resources: Resources, metric: Metric, prefix: str) -> list[Line]:
    return [
        custom_metric(
            resources,
            metric,
            Service.COLLAGE,
            f"{prefix}_{stat}",
            stat,
            style=LineStyle(stat=stat),
        )
        for stat in watched.PERCENTILES
    ]


def results(resources: Resources, thresholds: Thresholds) -> list[Widget]:
    """Return the charts of downloads, of how messages ended, and of failure rates."""
    endings = {
        "collage created": catalogue.COLLAGES_CREATED,
        "window failed": catalogue.COLLAGES_FAILED,
        "earlier collage kept": catalogue.COLLAGES_KEPT,
        "already done": catalogue.COLLAGES_ALREADY_DONE,
        "erased": catalogue.COLLAGES_ERASED,
        "cancelled": catalogue.COLLAGES_CANCELLED,
        "failed, redelivered": catalogue.MESSAGES_FAILED,
        "deferred, another worker has it": catalogue.MESSAGES_DEFERRED,
    }
    rates = [
        *watched.error_lines(resources),
        *watched.failed_images_lines(resources),
    ]
    annotations = [
        threshold(alarms(resources, thresholds)[name])
        for name in ("collage-errors", "image-failures")
    ]
    return [
        _downloads(resources),
        chart(
            "How messages ended",
            watched.custom_metrics(resources, Service.COLLAGE, endings),
            resources.region,
            unit="a minute",
        ),
        chart(
            "Failure rates",
            rates,
            resources.region,
            unit="percent",
            annotations=annotations,
            period_s=300,
        ),
    ]


def _downloads(resources: Resources) -> Widget:
    downloads = watched.custom_metrics(
        resources,
        Service.COLLAGE,
        {"images": catalogue.IMAGES_OK, "failed": catalogue.IMAGES_FAILED},
    )
    size = custom_metric(
        resources, catalogue.BYTES_DOWNLOADED, Service.COLLAGE, "bytes", "bytes", style=_RIGHT
    )
    return chart(
        "Downloads",
        [*downloads, size],
        resources.region,
        unit="images a minute",
        right_unit="bytes a minute",
    )


def prefetch(resources: Resources) -> list[Widget]:
    """Return the charts of covers that expire while their window is open."""
    requested = watched.custom_metrics(
        resources, Service.SWEEPER, {"requested": catalogue.COVERS_REQUESTED}
    )
    prefetched = {
        "prefetched": catalogue.COVERS_PREFETCHED,
        "requests that failed": catalogue.MESSAGES_FAILED,
    }
    size = custom_metric(
        resources,
        catalogue.BYTES_DOWNLOADED,
        Service.PREFETCH,
        "prefetched_bytes",
        "bytes",
        style=_RIGHT,
    )
    return [
        chart(
            "Covers about to expire",
            [*requested, *watched.custom_metrics(resources, Service.PREFETCH, prefetched), size],
            resources.region,
            unit="a minute",
            right_unit="bytes a minute",
            width=12,
        ),
        chart(
            "Covers that could not be prefetched, by reason",
            _lost_covers(resources),
            resources.region,
            unit="a minute",
            stacked=True,
            width=12,
        ),
    ]


def _lost_covers(resources: Resources) -> list[Line]:
    return [
        custom_metric(
            resources,
            catalogue.COVERS_LOST,
            Service.PREFETCH,
            f"lost_{reason}",
            reason.replace("_", " "),
            reason=reason,
        )
        for reason in FailureReason
    ]


def dead_letters(resources: Resources, thresholds: Thresholds) -> list[Widget]:
    """Return the charts of dead letters, lost records and windows, and stuck windows."""
    counts = [
        watched.dead_letter_line(kind, queue) for kind, queue in resources.dead_letters.items()
    ]
    lost = [
        *watched.custom_metrics(
            resources,
            Service.WINDOWING,
            {
                "records quarantined": catalogue.RECORDS_QUARANTINED,
                "rows deferred": catalogue.ROWS_DEFERRED,
            },
        ),
        *watched.custom_metrics(
            resources,
            Service.SWEEPER,
            {
                "windows abandoned": catalogue.WINDOWS_ABANDONED,
                "unreadable items": catalogue.ITEMS_UNREADABLE,
                "deliveries discarded": catalogue.DELIVERIES_DISCARDED,
            },
        ),
    ]
    ages = [watched.oldest_window_line(resources)]
    return [
        chart(
            "Dead letters waiting",
            counts,
            resources.region,
            unit="messages",
            annotations=[Annotation(label="alarm", value=thresholds.dead_letters)],
        ),
        chart("Quarantined, abandoned, unreadable", lost, resources.region, unit="a minute"),
        chart(
            "Oldest window without a collage",
            ages,
            resources.region,
            unit="seconds",
            annotations=[threshold(alarms(resources, thresholds)["windows-stuck"])],
        ),
    ]


def concurrency(resources: Resources) -> Widget:
    """Return how many invocations run at once, against what the account allows."""
    limit = resources.concurrency_limit
    marks = [] if limit is None else [Annotation(label="limit of the account", value=limit)]
    return chart(
        "Concurrent executions",
        watched.concurrency_lines(resources),
        resources.region,
        unit="at once",
        annotations=marks,
        width=24,
    )
