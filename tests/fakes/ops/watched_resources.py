"""Names of a stack for tests of dashboard and alarms, and the queries of an alarm."""

from __future__ import annotations

from dataclasses import replace

from settings import Settings

from ops_dashboard.monitoring.alarm import Alarm
from ops_dashboard.monitoring.metric_lines import Query, metric_array, metric_queries
from ops_dashboard.monitoring.resources import Resources
from stream_ingest.contracts.dead_letter_kinds import DeadLetterKind
from stream_ingest.contracts.metrics import FUNCTIONS, Service

RESOURCES = Resources(
    stack="dev",
    region="eu-central-1",
    stream="coverstream-dev-rows",
    stream_shards=1,
    table="coverstream-dev-state",
    bus="coverstream-dev",
    window_rule="coverstream-dev-window-ready",
    queue="coverstream-dev-collage",
    intake_queue="coverstream-dev-intake",
    dead_letters={
        kind: f"coverstream-dev-{kind}-dead-letters"
        for kind in DeadLetterKind
        if kind != DeadLetterKind.NOTIFICATION
    },
    functions={service: f"coverstream-dev-{service}" for service in FUNCTIONS},
    memory_mb={
        Service.WINDOWING: 1_024,
        Service.SWEEPER: 512,
        Service.COLLAGE: 1_769,
        Service.PREFETCH: 1_024,
        Service.INTAKE: 1_769,
        Service.PHOTOS: 1_769,
    },
)

_PHOTOS = frozenset({Service.PHOTOS, Service.LINKS})
WITHOUT_PHOTOS = replace(
    RESOURCES,
    dead_letters={
        kind: name for kind, name in RESOURCES.dead_letters.items() if kind != DeadLetterKind.PHOTOS
    },
    functions={kind: name for kind, name in RESOURCES.functions.items() if kind not in _PHOTOS},
    memory_mb={kind: size for kind, size in RESOURCES.memory_mb.items() if kind not in _PHOTOS},
)
"""Those of a stack that renders no photos."""

THRESHOLDS = Settings().thresholds
"""Those of a stack that sets nothing; its collage function may run 120 seconds."""


def queries_of(alarm: Alarm) -> list[Query]:
    """Return the queries of an alarm, as a chart of the same lines would send them."""
    metrics = [metric_array(line) for line in alarm.lines]
    widget = {"type": "metric", "properties": {"metrics": metrics, "period": alarm.period_s}}
    return metric_queries(widget)
