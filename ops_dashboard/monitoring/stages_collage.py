"""The dashboard's rows of the collage function, and of what could not be done. Pure."""

from __future__ import annotations

from collage_lambda.reasons import FailureReason
from ops_dashboard.monitoring import watched
from ops_dashboard.monitoring.metric_lines import Look, own
from ops_dashboard.monitoring.resources import Resources, Thresholds
from ops_dashboard.monitoring.widgets import Mark, Widget, chart
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts.metrics import Service

_RIGHT = Look(on_right=True)


def building(resources: Resources, thresholds: Thresholds) -> list[Widget]:
    """Return how long collages take, how long windows wait, how much memory is used."""
    waited = [
        own(
            resources,
            catalogue.WINDOW_LATENCY,
            Service.COLLAGE,
            f"waited_{stat}",
            stat,
            look=Look(stat=stat),
        )
        for stat in watched.PERCENTILES
    ]
    memory = [watched.memory_line(resources, service) for service in Service]
    return [
        chart(
            "Collage duration",
            watched.duration_lines(resources, Service.COLLAGE),
            resources.region,
            unit="milliseconds",
            marks=[Mark(label="alarm", value=1_000 * thresholds.duration_s)],
        ),
        chart(
            "From closing a window to its collage", waited, resources.region, unit="milliseconds"
        ),
        chart(
            "Memory used",
            memory,
            resources.region,
            unit="percent",
            marks=[Mark(label="alarm", value=thresholds.memory_percent)],
        ),
    ]


def results(resources: Resources, thresholds: Thresholds) -> list[Widget]:
    """Return what became of images and of messages, and the rates of failure."""
    downloads = watched.ours(
        resources,
        Service.COLLAGE,
        {"images": catalogue.IMAGES_OK, "failed": catalogue.IMAGES_FAILED},
    )
    size = own(
        resources, catalogue.BYTES_DOWNLOADED, Service.COLLAGE, "bytes", "bytes", look=_RIGHT
    )
    endings = {
        "collage created": catalogue.COLLAGES_CREATED,
        "window failed": catalogue.COLLAGES_FAILED,
        "earlier collage kept": catalogue.COLLAGES_KEPT,
        "done before": catalogue.COLLAGES_ALREADY_DONE,
        "error, comes again": catalogue.MESSAGES_FAILED,
        "another worker has it": catalogue.MESSAGES_DEFERRED,
    }
    rates = [
        *watched.error_lines(resources),
        *watched.failed_images_lines(resources),
    ]
    marks = [
        Mark(label="alarm of errors", value=thresholds.error_percent),
        Mark(label="alarm of images", value=thresholds.failed_images_percent),
    ]
    return [
        chart(
            "Downloads",
            [*downloads, size],
            resources.region,
            unit="images a minute",
            right_unit="bytes a minute",
        ),
        chart(
            "How messages ended",
            watched.ours(resources, Service.COLLAGE, endings),
            resources.region,
            unit="a minute",
        ),
        chart("Failure rates", rates, resources.region, unit="percent", marks=marks, period_s=300),
    ]


def prefetch(resources: Resources) -> list[Widget]:
    """Return what was prefetched of covers whose URL dies while their window is open."""
    asked = watched.ours(resources, Service.SWEEPER, {"requested": catalogue.COVERS_REQUESTED})
    prefetched = {
        "prefetched": catalogue.COVERS_PREFETCHED,
        "requests that failed": catalogue.MESSAGES_FAILED,
    }
    size = own(
        resources,
        catalogue.BYTES_DOWNLOADED,
        Service.PREFETCH,
        "prefetched_bytes",
        "bytes",
        look=_RIGHT,
    )
    return [
        chart(
            "Covers about to expire",
            [*asked, *watched.ours(resources, Service.PREFETCH, prefetched), size],
            resources.region,
            unit="a minute",
            right_unit="bytes a minute",
            width=12,
        ),
        chart(
            "Covers that could not be prefetched, by reason",
            [
                own(
                    resources,
                    catalogue.COVERS_LOST,
                    Service.PREFETCH,
                    f"lost_{reason}",
                    reason.replace("_", " "),
                    reason=reason,
                )
                for reason in FailureReason
            ],
            resources.region,
            unit="a minute",
            stacked=True,
            width=12,
        ),
    ]


def dead_letters(resources: Resources, thresholds: Thresholds) -> list[Widget]:
    """Return what could not be done, and what may be stuck."""
    letters = [
        watched.dead_letter_line(filler, queue) for filler, queue in resources.dead_letters.items()
    ]
    lost = [
        *watched.ours(
            resources, Service.WINDOWING, {"records quarantined": catalogue.RECORDS_QUARANTINED}
        ),
        *watched.ours(resources, Service.SWEEPER, {"windows given up": catalogue.WINDOWS_GIVEN_UP}),
    ]
    ages = [watched.oldest_window_line(resources)]
    return [
        chart(
            "Dead letters waiting",
            letters,
            resources.region,
            unit="messages",
            marks=[Mark(label="alarm", value=thresholds.dead_letters + 1)],
        ),
        chart("Records quarantined, windows given up", lost, resources.region, unit="a minute"),
        chart(
            "Oldest window without a collage",
            ages,
            resources.region,
            unit="seconds",
            marks=[Mark(label="alarm", value=60 * thresholds.window_age_minutes)],
        ),
    ]
