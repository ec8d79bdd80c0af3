"""How a stack is watched: dashboard, alarms and notifications. Edge (Pulumi)."""

from __future__ import annotations

from dataclasses import dataclass

from components.operations.monitoring import MonitoredNames, Monitoring, MonitoringArgs
from components.operations.notifications import (
    STACK_HEADER,
    NotificationArgs,
    Notifications,
    dead_letters_name,
)
from wiring.basis import Basis
from wiring.compute import Compute
from wiring.data import Data
from wiring.messaging import Messaging

import pulumi
from stream_ingest.contracts.dead_letter_kinds import DeadLetterKind
from stream_ingest.contracts.metrics import Service


@dataclass(frozen=True, kw_only=True)
class Operations:
    """What watches a stack, and whom it notifies; without notifications, nobody."""

    monitoring: Monitoring
    notifications: Notifications | None


def declare_operations(
    basis: Basis,
    data: Data,
    messaging: Messaging,
    compute: Compute,
    concurrency_limit: int | None,
) -> Operations:
    """Declare the dashboard, the alarms with their topic, and the notifications."""
    monitoring = _monitoring(basis, data, messaging, compute, concurrency_limit)
    notifications = _notifications(basis, messaging, monitoring)
    return Operations(monitoring=monitoring, notifications=notifications)


def _monitoring(
    basis: Basis,
    data: Data,
    messaging: Messaging,
    compute: Compute,
    concurrency_limit: int | None,
) -> Monitoring:
    settings = basis.settings
    return Monitoring(
        "monitoring",
        MonitoringArgs(
            prefix=basis.prefix,
            stack=basis.stack,
            region=basis.region,
            thresholds=settings.thresholds,
            stream_shards=settings.stream_shards,
            concurrency_limit=concurrency_limit,
            names=_names(basis, data, messaging, compute),
            key_arn=basis.key_arn,
            memory_mb={
                Service.WINDOWING: settings.windowing_memory_mb,
                Service.SWEEPER: settings.sweeper_memory_mb,
                Service.COLLAGE: settings.collage_memory_mb,
                Service.PREFETCH: settings.prefetch_memory_mb,
                Service.INTAKE: settings.intake_memory_mb,
                **({Service.PHOTOS: settings.photos_memory_mb} if compute.photos else {}),
                **({Service.LINKS: settings.photos_upload_links_memory_mb} if data.links else {}),
            },
        ),
    )


def _notifications(
    basis: Basis, messaging: Messaging, monitoring: Monitoring
) -> Notifications | None:
    """Declare who is notified of what; return None if the settings name nobody."""
    settings = basis.settings
    if not _notifies(basis):
        return None
    with_secret = bool(settings.notify_webhook_secret)
    return Notifications(
        "notifications",
        NotificationArgs(
            prefix=basis.prefix,
            stack=basis.stack,
            account=basis.account,
            bus_name=messaging.bus.name,
            alarm_topic_arn=monitoring.topic.arn,
            alarm_names=monitoring.alarm_names,
            emails=settings.notify_emails,
            webhook_url=settings.notify_webhook_url,
            header=settings.notify_webhook_header if with_secret else STACK_HEADER,
            secret=settings.notify_webhook_secret,
            per_second=settings.notify_webhook_per_second,
            subjects=settings.notify_of,
            key_arn=basis.key_arn,
        ),
    )


def _notifies(basis: Basis) -> bool:
    return bool(basis.settings.notify_emails or basis.settings.notify_webhook_url)


def _names(basis: Basis, data: Data, messaging: Messaging, compute: Compute) -> MonitoredNames:
    dead_letters: dict[str, pulumi.Input[str]] = {
        kind: each.queue.name for kind, each in compute.dead_letters.items()
    }
    if _notifies(basis):  # by its name: notifications are declared after the alarms they are about
        dead_letters[DeadLetterKind.NOTIFICATION] = dead_letters_name(basis.prefix)
    return MonitoredNames(
        stream=data.stream.name,
        table=data.state.name,
        bus=messaging.bus.name,
        window_rule=messaging.windows.rule.name,
        queue=messaging.windows.queue.queue.name,
        intake_queue=compute.intake.queue.queue.name,
        dead_letters=dead_letters,
        functions={
            Service.WINDOWING: compute.windowing.function.name,
            Service.SWEEPER: compute.sweeper.function.name,
            Service.COLLAGE: compute.collage.function.name,
            Service.PREFETCH: compute.prefetch.function.name,
            Service.INTAKE: compute.intake.function.name,
            **({Service.PHOTOS: compute.photos.function.name} if compute.photos else {}),
            **({Service.LINKS: data.links.function.name} if data.links else {}),
        },
    )
