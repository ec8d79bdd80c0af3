"""How a stack is watched: dashboard and alarms. Edge (Pulumi)."""

from __future__ import annotations

from components.operations.monitoring import MonitoredNames, Monitoring, MonitoringArgs
from wiring.basis import Basis
from wiring.compute import Compute
from wiring.data import Data
from wiring.messaging import Messaging

from stream_ingest.contracts.metrics import Service


def declare_monitoring(
    basis: Basis, data: Data, messaging: Messaging, compute: Compute
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


def _names(data: Data, messaging: Messaging, compute: Compute) -> MonitoredNames:
    return MonitoredNames(
        stream=data.stream.name,
        table=data.state.name,
        bus=messaging.bus.name,
        window_rule=messaging.windows.rule.name,
        queue=messaging.windows.queue.queue.name,
        dead_letters={name: each.queue.name for name, each in compute.dead_letters.items()},
        functions={
            Service.WINDOWING: compute.windowing.function.name,
            Service.SWEEPER: compute.sweeper.function.name,
            Service.COLLAGE: compute.collage.function.name,
            Service.PREFETCH: compute.prefetch.function.name,
            Service.INTAKE: compute.intake.function.name,
        },
    )
