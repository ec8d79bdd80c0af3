"""The EventBridge bus and its archive. Edge (Pulumi)."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi_aws as aws

import pulumi
from stream_ingest.contracts.events import WindowReady, sources_of


@dataclass(frozen=True, kw_only=True)
class BusArgs:
    """An `archive_retention_days` of 0 stores events for ever."""

    bus_name: str
    archive_retention_days: int
    protect: bool


class Bus(pulumi.ComponentResource):
    """One custom bus with an archive of WindowReady, the one event that is replayed."""

    def __init__(
        self, name: str, args: BusArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create bus and archive."""
        super().__init__("coverstream:index:Bus", name, None, opts)
        child = pulumi.ResourceOptions(parent=self, protect=args.protect or None)
        self.bus = aws.cloudwatch.EventBus(name, name=args.bus_name, opts=child)
        self.archive = aws.cloudwatch.EventArchive(
            name,
            name=f"{args.bus_name}-windows",
            event_source_arn=self.bus.arn,
            event_pattern=json.dumps(
                {
                    "source": list(sources_of(WindowReady)),
                    "detail-type": [WindowReady.detail_type()],
                }
            ),
            retention_days=args.archive_retention_days,
            opts=child,
        )
        self.name, self.arn, self.archive_arn = self.bus.name, self.bus.arn, self.archive.arn
        self.register_outputs({"name": self.name, "archive_arn": self.archive_arn})
