"""The collage function and its SQS mapping. Edge (Pulumi)."""

from __future__ import annotations

from dataclasses import dataclass

from components.compute.function import FunctionArgs, FunctionRole
from components.compute.queue_worker import create_queue_worker
from components.data.state import State
from components.data.storage import Storage
from components.messaging.bus import Bus
from components.messaging.delivery import Delivery
from components.security import role_policies

import pulumi


@dataclass(frozen=True, kw_only=True)
class CollageArgs:
    """The function and its resources; up to `max_concurrency` invocations run at once."""

    function: FunctionArgs
    max_concurrency: int
    windows_per_delivery: int
    keep_originals: bool
    content_dedup: bool
    delivery: Delivery
    state: State
    bus: Bus
    storage: Storage


class Collage(pulumi.ComponentResource):
    """The function that builds a collage for each message."""

    def __init__(
        self, name: str, args: CollageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create role, function and mapping."""
        super().__init__("coverstream:index:Collage", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = FunctionRole(name, args.function, child)
        granted = role.grant(
            role_policies.collage,
            queue_arn=args.delivery.queue.arn,
            table_arn=args.state.arn,
            bus_arn=args.bus.arn,
            output_arn=args.storage.output.arn,
            temp_arn=args.storage.temp.arn,
            keep_originals=args.keep_originals,
            content_dedup=args.content_dedup,
        )
        self.function = create_queue_worker(
            name,
            args.function,
            role,
            granted,
            args.delivery,
            args.max_concurrency,
            self,
            batch_size=args.windows_per_delivery,
        )
        self.register_outputs({"function": self.function.name})
