"""The prefetch function and its SQS mapping. Edge (Pulumi)."""

from __future__ import annotations

from dataclasses import dataclass

from checks.concurrency import PREFETCH
from components.compute.function import FunctionArgs, FunctionRole
from components.compute.queue_worker import create_queue_worker
from components.data.state import State
from components.data.storage import Storage
from components.messaging.delivery import Delivery
from components.security import role_policies

import pulumi


@dataclass(frozen=True, kw_only=True)
class PrefetchArgs:
    """The function and the resources that it uses."""

    function: FunctionArgs
    delivery: Delivery
    state: State
    storage: Storage


class Prefetch(pulumi.ComponentResource):
    """The function that fetches covers about to expire, while their windows are open."""

    def __init__(
        self, name: str, args: PrefetchArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create role, function and mapping."""
        super().__init__("coverstream:index:Prefetch", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = FunctionRole(name, args.function, child)
        granted = role.grant(
            role_policies.prefetch,
            queue_arn=args.delivery.queue.arn,
            table_arn=args.state.arn,
            temp_arn=args.storage.temp.arn,
        )
        self.function = create_queue_worker(
            name, args.function, role, granted, args.delivery, PREFETCH, self
        )
        self.register_outputs({"function": self.function.name})
