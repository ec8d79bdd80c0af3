"""The dashboard's row of photos; empty for a stack that renders none. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ops_dashboard.monitoring import watched
from ops_dashboard.monitoring.metric_lines import LineStyle, custom_metric
from ops_dashboard.monitoring.resources import Resources
from ops_dashboard.monitoring.widgets import Widget, chart, text
from rendition_lambda.reasons import PhotoFailure
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts import photo_metrics
from stream_ingest.contracts.metrics import Service

_RIGHT = LineStyle(on_right=True)
_LONGEST = LineStyle(stat="p99")


def rows(resources: Resources) -> list[Sequence[Widget]]:
    """Return the heading and the charts of photos."""
    if Service.PHOTOS not in resources.functions:
        return []
    links = [_links(resources)] if Service.LINKS in resources.functions else []
    return [
        [text("## Photos")],
        [_ends(resources), _failures(resources), _messages(resources)],
        [_work(resources), _overdue(resources), *links],
    ]


def _ends(resources: Resources) -> Widget:
    counts = {
        "rendered": photo_metrics.PHOTOS_RENDERED,
        "failed": photo_metrics.PHOTOS_FAILED,
        "skipped": photo_metrics.PHOTOS_SKIPPED,
        "removed": photo_metrics.PHOTOS_REMOVED,
        "unchanged": photo_metrics.PHOTOS_UNCHANGED,
    }
    lines = watched.custom_metrics(resources, Service.PHOTOS, counts)
    return chart("Photos", lines, resources.region, unit="a minute")


def _messages(resources: Resources) -> Widget:
    counts = {
        "messages failed": catalogue.MESSAGES_FAILED,
        "messages that waited": catalogue.MESSAGES_DEFERRED,
        "invalidations failed": photo_metrics.INVALIDATIONS_FAILED,
    }
    lines = watched.custom_metrics(resources, Service.PHOTOS, counts)
    return chart("Messages about photos", lines, resources.region, unit="a minute")


def _work(resources: Resources) -> Widget:
    duration = custom_metric(
        resources,
        photo_metrics.PHOTO_DURATION,
        Service.PHOTOS,
        "photo_p99",
        "p99 of a photo",
        style=_LONGEST,
    )
    size = custom_metric(
        resources,
        photo_metrics.PHOTO_BYTES,
        Service.PHOTOS,
        "photo_bytes",
        "bytes",
        style=_RIGHT,
    )
    return chart(
        "Work on photos",
        [duration, size],
        resources.region,
        unit="milliseconds",
        right_unit="bytes a minute",
    )


def _overdue(resources: Resources) -> Widget:
    swept = custom_metric(
        resources,
        photo_metrics.PHOTOS_OVERDUE,
        Service.PHOTOS,
        "photos_overdue",
        "photos swept",
        style=_RIGHT,
    )
    return chart(
        "Overdue photos",
        [watched.oldest_photo_line(resources), swept],
        resources.region,
        unit="seconds",
        right_unit="photos a sweep",
    )


def _failures(resources: Resources) -> Widget:
    lines = [
        custom_metric(
            resources,
            photo_metrics.PHOTOS_FAILED,
            Service.PHOTOS,
            f"photo_{reason}",
            reason.replace("_", " "),
            reason=reason,
        )
        for reason in PhotoFailure
    ]
    return chart("Photos failed, by reason", lines, resources.region, unit="a minute", stacked=True)


def _links(resources: Resources) -> Widget:
    counts = {
        "files signed": photo_metrics.UPLOADS_SIGNED,
        "requests refused": photo_metrics.UPLOADS_REFUSED,
    }
    lines = watched.custom_metrics(resources, Service.LINKS, counts)
    return chart("Upload links", lines, resources.region, unit="a minute")
