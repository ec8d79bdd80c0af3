"""The engine: creates or updates what the Pulumi program registers. Edge (network)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

import pulumi
from ops_dashboard.local.aws.clients import REGION, Clients
from ops_dashboard.local.aws.engine.inputs import EngineError, Inputs
from ops_dashboard.local.aws.engine.records import Record, Records, digests
from ops_dashboard.local.aws.engine.services import (
    alarms,
    audit,
    buckets,
    bus,
    cdn,
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
from ops_dashboard.local.aws.engine.updates import update

Outputs = dict[str, Any]
Create = Callable[[Clients, Inputs], tuple[str, Outputs]]

CREATE: Mapping[str, Create] = {
    **alarms.CREATE,
    **audit.CREATE,
    **buckets.CREATE,
    **bus.CREATE,
    **cdn.CREATE,
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


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment did to one resource."""

    type: str
    name: str
    inputs: tuple[str, ...] | None
    """Names of the inputs that changed; None if the resource is new."""


class Engine(pulumi.runtime.Mocks):
    """Creates one stack's resources on an embedded AWS, and updates those that have changed."""

    def __init__(self, clients: Clients, records: Records) -> None:
        """Create through `clients`; `changes` lists what was created or updated."""
        self._clients, self._records = clients, records
        self._before = {(one.type, one.name): one for one in records.load()}
        self._declared: set[tuple[str, str]] = set()
        self.changes: list[Change] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, Outputs]:
        """Create or update a resource if necessary, and return its id and outputs.

        Raises `EngineError` if its type, an input or this change is not supported, or AWS rejects
        it.
        """
        if not args.custom:  # a component, which is no resource in AWS
            return f"{args.name}-id", {}
        plain = _without_secrets(args.inputs)
        self._declared.add((args.typ, args.name))
        before, now = self._before.get((args.typ, args.name)), digests(plain)
        changed = before.changed_inputs(now) if before else None
        if before and not changed:
            return before.id, {**plain, **before.outputs}
        id_, outputs = self._apply(args, plain, before, changed or [])
        self._records.save(
            Record(type=args.typ, name=args.name, id=id_, outputs=outputs, inputs=now)
        )
        inputs = None if changed is None else tuple(changed)
        self.changes.append(Change(type=args.typ, name=args.name, inputs=inputs))
        return id_, {**plain, **outputs}

    def _apply(
        self,
        args: pulumi.runtime.MockResourceArgs,
        plain: Outputs,
        before: Record | None,
        changed: list[str],
    ) -> tuple[str, Outputs]:
        where = f"{args.typ} {args.name}"
        if args.typ not in CREATE:
            msg = f"{where}: the engine does not support this resource type"
            raise EngineError(msg)
        inputs = Inputs(plain, where)
        try:
            if before is None:
                id_, outputs = CREATE[args.typ](self._clients, inputs)
            else:
                update(self._clients, inputs, before, changed)
                id_, outputs = before.id, before.outputs
        except (ClientError, BotoCoreError) as error:
            msg = f"{where}: {error}"
            raise EngineError(msg) from error
        inputs.check_all_read()
        return id_, outputs

    def check_nothing_left(self) -> None:
        """Raise `EngineError` if resources of before are not declared: it deletes none."""
        left = sorted(" ".join(key) for key in self._before.keys() - self._declared)
        if left:
            msg = f"the engine deletes nothing, but these are no longer declared: {', '.join(left)}"
            raise EngineError(msg)

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
