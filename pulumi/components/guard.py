"""Hardening of functions by a stack's options: KMS key and VPC. Edge (Pulumi)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from components import guard_policies, policies
from components.network import Placement

import pulumi


@dataclass(frozen=True, kw_only=True)
class Guard:
    """The key under which data lies, and where functions run; None for what AWS does by itself."""

    region: pulumi.Input[str] = ""
    key_arn: pulumi.Input[str] | None = None
    placement: Placement | None = None

    @property
    def vpc_config(self) -> aws.lambda_.FunctionVpcConfigArgsDict | None:
        """Return a function's place in a VPC, as Lambda takes it."""
        if self.placement is None:
            return None
        return {
            "subnet_ids": list(self.placement.subnet_ids),
            "security_group_ids": [self.placement.security_group_id],
        }


UNGUARDED = Guard()


def allow_key(
    name: str,
    guard: Guard,
    role_name: pulumi.Input[str],
    services: Sequence[str],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Let a role use the key by way of some services, where there is a key."""
    if guard.key_arn is None:
        return []
    document = policies.document(
        guard_policies.use_key,
        key_arn=guard.key_arn,
        region=guard.region,
        services=list(services),
    )
    return [
        aws.iam.RolePolicy(f"{name}-key", name="key", role=role_name, policy=document, opts=opts)
    ]


def allow_placement(
    name: str, guard: Guard, role_name: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Let Lambda put a function into the VPC, where there is one."""
    if guard.placement is None:
        return []
    document = json.dumps(guard_policies.attach_to_vpc())
    return [
        aws.iam.RolePolicy(f"{name}-vpc", name="vpc", role=role_name, policy=document, opts=opts)
    ]
