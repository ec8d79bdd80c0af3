"""Names and addresses of a stack, for the commands and as the stack's outputs. Edge (Pulumi)."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import msgspec
from wiring.basis import Basis
from wiring.compute import Compute
from wiring.data import Data
from wiring.messaging import Messaging
from wiring.operations import Operations

from stream_ingest.contracts.dead_letter_kinds import DeadLetterKind
from stream_ingest.contracts.levels import LEVEL, OLDEST_COMMANDS


def directory_of(
    basis: Basis,
    data: Data,
    messaging: Messaging,
    compute: Compute,
    operations: Operations,
) -> dict[str, Any]:
    """Return what a stack tells its commands about itself; values may be outputs."""
    monitoring, notifications = operations.monitoring, operations.notifications
    return {
        "stack": basis.stack,
        "release": version("coverstream"),
        "level": LEVEL,
        "oldest_commands": OLDEST_COMMANDS,
        "region": basis.region,
        **_data(data, compute),
        **_messaging(messaging, compute),
        **_functions(compute),
        **_settings(basis),
        **_photos(basis, data, compute),
        "dashboard_name": monitoring.dashboard.dashboard_name,
        "alarm_topic_arn": monitoring.topic.arn,
        "notification_dead_letters_url": notifications.dead_letters.url if notifications else "",
    }


def _data(data: Data, compute: Compute) -> dict[str, Any]:
    return {
        "stream_name": data.stream.name,
        "table_name": data.state.name,
        "input_bucket": compute.intake.input_bucket,
        "output_bucket": data.storage.output.name,
        "temp_bucket": data.storage.temp.name,
    }


def _messaging(messaging: Messaging, compute: Compute) -> dict[str, Any]:
    return {
        "bus_name": messaging.bus.name,
        "archive_arn": messaging.bus.archive_arn,
        "window_rule_arn": messaging.windows.rule.arn,
        "collage_queue_url": messaging.windows.queue.url,
        "prefetch_queue_url": messaging.prefetch_requests.queue.url,
        "request_queue_url": compute.intake.queue.url,
        "dead_letter_urls": {
            kind: each.url
            for kind, each in compute.dead_letters.items()
            if kind != DeadLetterKind.PHOTOS
        },
    }


def _functions(compute: Compute) -> dict[str, Any]:
    return {
        "windowing_function": compute.windowing.function.name,
        "sweeper_function": compute.sweeper.function.name,
        "collage_function": compute.collage.function.name,
        "intake_function": compute.intake.function.name,
        "prefetch_function": compute.prefetch.function.name,
    }


def _photos(basis: Basis, data: Data, compute: Compute) -> dict[str, Any]:
    """Return what the commands need to know about photos; nothing if the stack renders none."""
    storage, photos, cdn = data.photos, compute.photos, data.cdn
    if storage is None or photos is None:
        return {}
    return {
        "photos": {
            "table": storage.table.name,
            "uploads_bucket": photos.uploads_bucket,
            "renditions_bucket": storage.renditions.name,
            "queue_url": photos.queue.url,
            "backfill_queue_url": photos.backfill.url,
            "dead_letters_url": photos.dead_letters.url,
            "function": photos.function.name,
            "domain": cdn.domain if cdn else basis.settings.photos_domain,
            "distribution_id": cdn.id if cdn else "",
            "distribution_domain": cdn.given_domain if cdn else "",
            "signed_addresses": cdn is not None and bool(basis.settings.photos_public_keys),
            "links_function": data.links.function.name if data.links else "",
            "link_key": data.links.key.arn if data.links else "",
            "other_buckets": list(basis.settings.photos_other_buckets),
            "backfill_concurrency": basis.settings.photos_backfill_concurrency,
        }
    }


def _settings(basis: Basis) -> dict[str, Any]:
    settings = basis.settings
    return {
        "prefetch_covers": settings.prefetch_covers,
        "creator_case": settings.creator_case,
        "dedup_horizon_days": settings.dedup_horizon_days,
        "collage_memory_mb": settings.collage_memory_mb,
        "batch_defaults": msgspec.to_builtins(settings.batch_defaults),
        "allowed_input_buckets": list(settings.allowed_input_buckets),
    }
