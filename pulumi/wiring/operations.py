"""How a stack is watched: dashboard and alarms. Edge (Pulumi)."""

from __future__ import annotations

from components.operations.monitoring import MonitoredNames, Monitoring, MonitoringArgs
from components.operations.notifications import (
    STACK_HEADER,
    NotificationArgs,
    Notifications,
)
from wiring.basis import Basis
from wiring.compute import Compute
from wiring.data import Data
from wiring.messaging import Messaging

from stream_ingest.contracts.metrics import Service


def declare_monitoring(
    basis: Basis,
    data: Data,
    messaging: Messaging,
    compute: Compute,
    concurrency_limit: int | None,
) -> Monitoring:
    """Declare the dashboard, the alarms and their topic."""
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
            names=_names(data, messaging, compute),
            memory_mb={
                Service.WINDOWING: settings.windowing_memory_mb,
                Service.SWEEPER: settings.sweeper_memory_mb,
                Service.COLLAGE: settings.collage_memory_mb,
                Service.PREFETCH: settings.prefetch_memory_mb,
                Service.INTAKE: settings.intake_memory_mb,
            },
        ),
    )


def declare_notifications(basis: Basis, messaging: Messaging, monitoring: Monitoring) -> None:
    """Declare who is notified of what, if the settings name anybody."""
    settings = basis.settings
    if not settings.notify_emails and not settings.notify_webhook_url:
        return
    with_secret = bool(settings.notify_webhook_secret)
    Notifications(
        "notifications",
        NotificationArgs(
            prefix=basis.prefix,
            stack=basis.stack,
            account=basis.account,
            bus_name=messaging.bus.name,
            alarm_topic_arn=monitoring.topic.arn,
            alarm_arns=monitoring.alarm_arns,
            emails=settings.notify_emails,
            webhook_url=settings.notify_webhook_url,
            header=settings.notify_webhook_header if with_secret else STACK_HEADER,
            secret=settings.notify_webhook_secret,
            per_second=settings.notify_webhook_per_second,
            subjects=settings.notify_of,
            key_arn=basis.key_arn,
        ),
    )


def _names(data: Data, messaging: Messaging, compute: Compute) -> MonitoredNames:
    return MonitoredNames(
        stream=data.stream.name,
        table=data.state.name,
        bus=messaging.bus.name,
        window_rule=messaging.windows.rule.name,
        queue=messaging.windows.queue.queue.name,
        intake_queue=compute.intake.queue.queue.name,
        dead_letters={name: each.queue.name for name, each in compute.dead_letters.items()},
        functions={
            Service.WINDOWING: compute.windowing.function.name,
            Service.SWEEPER: compute.sweeper.function.name,
            Service.COLLAGE: compute.collage.function.name,
            Service.PREFETCH: compute.prefetch.function.name,
            Service.INTAKE: compute.intake.function.name,
        },
    )
