"""Hardening of functions by a stack's options: KMS key and VPC. Edge (Pulumi)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from components.security import hardening_policies, policies
from components.security.network import Placement

import pulumi


@dataclass(frozen=True, kw_only=True)
class Hardening:
    """The KMS key of the stored data and the VPC of the functions; None leaves AWS's default.

    `former_key_arns` are keys of data that was stored before.
    """

    region: pulumi.Input[str] = ""
    dns_suffix: str = ""
    key_arn: pulumi.Input[str] | None = None
    former_key_arns: tuple[str, ...] = ()
    placement: Placement | None = None

    @property
    def vpc_config(self) -> aws.lambda_.FunctionVpcConfigArgsDict | None:
        """The subnets and security group of a function, as Lambda takes them."""
        if self.placement is None:
            return None
        return {
            "subnet_ids": list(self.placement.subnet_ids),
            "security_group_ids": [self.placement.security_group_id],
        }


NO_HARDENING = Hardening()


def allow_key(
    name: str,
    hardening: Hardening,
    role_name: pulumi.Input[str],
    services: Sequence[str],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Allow a role to use the keys through `services`; without a key, return nothing."""
    own = [] if hardening.key_arn is None else [hardening.key_arn]
    key_arns = [*own, *hardening.former_key_arns]
    if not key_arns:
        return []
    document = policies.document(
        hardening_policies.use_key,
        key_arns=key_arns,
        region=hardening.region,
        dns_suffix=hardening.dns_suffix,
        services=list(services),
    )
    return [
        aws.iam.RolePolicy(f"{name}-key", name="key", role=role_name, policy=document, opts=opts)
    ]


def allow_placement(
    name: str, hardening: Hardening, role_name: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Allow Lambda to attach a function to the VPC; without a VPC, return nothing."""
    if hardening.placement is None:
        return []
    document = json.dumps(hardening_policies.attach_to_vpc())
    return [
        aws.iam.RolePolicy(f"{name}-vpc", name="vpc", role=role_name, policy=document, opts=opts)
    ]
