"""How a resource that exists is changed: which handler serves which type. Edge (network).

Most requests of AWS replace what is there, so the handler that creates a resource also updates it.
What AWS can only replace by a new resource is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine.inputs import EngineError, Inputs
from ops_dashboard.local.aws.engine.records import Record
from ops_dashboard.local.aws.engine.services import (
    alarms,
    audit,
    buckets,
    bus,
    cdn,
    functions,
    logs_and_parameters,
    mappings,
    queues,
    roles,
)

Update = Callable[[Clients, Inputs, str], None]
"""Changes the resource with this id to its inputs."""

UPDATE: Mapping[str, Update] = {
    **bus.UPDATE,
    **cdn.UPDATE,
    **functions.UPDATE,
    **logs_and_parameters.UPDATE,
    **mappings.UPDATE,
    **queues.UPDATE,
    **roles.UPDATE,
}
REPLACING: Mapping[str, Callable[[Clients, Inputs], Any]] = {
    **alarms.CREATE,
    **audit.REPLACING,
    **buckets.REPLACING,
    **bus.REPLACING,
    **functions.REPLACING,
    **queues.REPLACING,
    **roles.REPLACING,
}
"""The types whose handler also updates."""
_NAMES = frozenset(
    {"name", "bucket", "queueUrl", "role", "function", "functionName", "eventBusName"}
)
"""Inputs that say which thing it is: a change of one means another thing."""


def update(clients: Clients, inputs: Inputs, before: Record, changed: list[str]) -> None:
    """Change a resource; raises `EngineError` if only a new one could have these inputs."""
    if before.type in REPLACING and not _NAMES.intersection(changed):
        REPLACING[before.type](clients, inputs)
    elif before.type in UPDATE and not _NAMES.intersection(changed):
        UPDATE[before.type](clients, inputs, before.id)
    else:
        msg = (
            f"{before.type} {before.name}: the engine cannot change {', '.join(changed)} of what is"
            " deployed; stop the embedded AWS and start it again"
        )
        raise EngineError(msg)
