"""The engine: creates each resource that the Pulumi program registers. Edge (network)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

import pulumi
from ops_dashboard.local.aws.clients import REGION, Clients
from ops_dashboard.local.aws.engine.inputs import EngineError, Inputs
from ops_dashboard.local.aws.engine.services import (
    alarms,
    audit,
    buckets,
    bus,
    functions,
    keys,
    logs_and_parameters,
    mappings,
    network,
    queues,
    roles,
    streams,
    tables,
)

Outputs = dict[str, Any]
Create = Callable[[Clients, Inputs], tuple[str, Outputs]]

CREATE: Mapping[str, Create] = {
    **alarms.CREATE,
    **audit.CREATE,
    **buckets.CREATE,
    **bus.CREATE,
    **functions.CREATE,
    **keys.CREATE,
    **mappings.CREATE,
    **network.CREATE,
    **queues.CREATE,
    **roles.CREATE,
    **logs_and_parameters.CREATE,
    **streams.CREATE,
    **tables.CREATE,
}
"""The supported resource types, by token."""

LAMBDA_CONCURRENCY = ("lambda", "L-B99A9384")

Lookup = Callable[[Clients, Inputs], Outputs]


def _identity(clients: Clients, _: Inputs) -> Outputs:
    found = clients.untyped("sts").get_caller_identity()
    return {
        "id": found["Account"],
        "accountId": found["Account"],
        "arn": found["Arn"],
        "userId": found["UserId"],
    }


def _region(_: Clients, __: Inputs) -> Outputs:
    return {"id": REGION, "region": REGION, "name": REGION, "endpoint": "", "description": REGION}


def _partition(_: Clients, __: Inputs) -> Outputs:
    return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com"}


def _quota(clients: Clients, inputs: Inputs) -> Outputs:
    """Return Lambda's concurrency, the only quota that the program asks for."""
    service, code = inputs.text("serviceCode"), inputs.text("quotaCode")
    if (service, code) != LAMBDA_CONCURRENCY:
        msg = f"quota {code} of {service}: the engine does not support it"
        raise EngineError(msg)
    account = clients.untyped("lambda").get_account_settings()
    return {"id": code, "value": account["AccountLimit"]["ConcurrentExecutions"]}


LOOKUPS: Mapping[str, Lookup] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:servicequotas/getServiceQuota:getServiceQuota": _quota,
    **network.LOOKUPS,
}
"""The supported invokes (functions of a provider), by token."""


class Engine(pulumi.runtime.Mocks):
    """Creates one stack's resources on an embedded AWS."""

    def __init__(self, clients: Clients) -> None:
        """Create through `clients`; `created` lists (type, name) of each resource."""
        self._clients = clients
        self.created: list[tuple[str, str]] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, Outputs]:
        """Create a resource and return its id and outputs.

        Raises `EngineError` if its type or an input is not supported, or AWS rejects it.
        """
        if not args.custom:  # a component, which is no resource in AWS
            return f"{args.name}-id", {}
        where = f"{args.typ} {args.name}"
        create = CREATE.get(args.typ)
        if create is None:
            msg = f"{where}: the engine does not support this resource type"
            raise EngineError(msg)
        plain = _without_secrets(args.inputs)
        inputs = Inputs(plain, where)
        try:
            id_, outputs = create(self._clients, inputs)
        except (ClientError, BotoCoreError) as error:
            msg = f"{where}: {error}"
            raise EngineError(msg) from error
        inputs.check_all_read()
        self.created.append((args.typ, args.name))
        return id_, {**plain, **outputs}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[Outputs, list[tuple[str, str]]]:
        """Return an invoke's result; raises `EngineError` if it is not supported."""
        look_up = LOOKUPS.get(args.token)
        if look_up is None:
            msg = f"{args.token}: the engine does not support this invoke"
            raise EngineError(msg)
        inputs = Inputs(args.args, args.token)
        outputs = look_up(self._clients, inputs)
        inputs.check_all_read()
        return outputs, []


def _without_secrets(values: Mapping[str, Any]) -> Outputs:
    """Unwrap values that the SDK marks as secret; the local run has no secrets."""
    return {key: pulumi.runtime.rpc.unwrap_rpc_secret(value) for key, value in values.items()}
