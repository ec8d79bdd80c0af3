"""How a stack's events reach their functions: bus, rules and queues. Edge (Pulumi)."""

from __future__ import annotations

from dataclasses import dataclass

from components.messaging.bus import Bus, BusArgs
from components.messaging.delivery import Delivery, DeliveryArgs
from wiring.basis import Basis

from stream_ingest.contracts.events import CoversExpiring, WindowReady


@dataclass(frozen=True, kw_only=True)
class Messaging:
    """The bus of a stack, and how its events reach functions."""

    bus: Bus
    windows: Delivery
    prefetch_requests: Delivery


def declare_messaging(basis: Basis) -> Messaging:
    """Declare the bus and the delivery of windows and of covers that expire."""
    settings = basis.settings
    bus = Bus(
        "bus",
        BusArgs(
            bus_name=basis.prefix,
            archive_retention_days=settings.archive_retention_days,
            protect=settings.protect,
        ),
    )
    windows = DeliveryArgs(
        prefix=basis.prefix,
        bus_name=bus.name,
        event=WindowReady,
        rule="window-ready",
        queue="collage",
        rule_dead_letters="window-rule",
        function_timeout_s=settings.collage_timeout_s,
        max_receives=settings.collage_max_receives,
        key_arn=basis.key_arn,
    )
    prefetch_requests = DeliveryArgs(
        prefix=basis.prefix,
        bus_name=bus.name,
        event=CoversExpiring,
        rule="covers-expiring",
        queue="prefetch",
        function_timeout_s=settings.prefetch_timeout_s,
        max_receives=settings.collage_max_receives,
        key_arn=basis.key_arn,
    )
    return Messaging(
        bus=bus,
        windows=Delivery("delivery", windows),
        prefetch_requests=Delivery("prefetch-requests", prefetch_requests),
    )
