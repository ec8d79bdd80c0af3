"""Whether a VPC can have interface endpoints in a stack's subnets. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Subnet:
    """A subnet, its VPC and its availability zone."""

    id: str
    vpc_id: str
    zone: str


@dataclass(frozen=True, kw_only=True)
class Vpc:
    """A VPC, the subnets that a stack names, and whether DNS support and host names are on."""

    id: str
    resolves_names: bool
    subnets: tuple[Subnet, ...]


def vpc_problems(vpc: Vpc) -> list[str]:
    """Return why AWS would refuse interface endpoints there; empty if it would not."""
    problems = []
    if not vpc.resolves_names:
        problems.append(
            f"vpcInterfaceEndpoints needs enableDnsSupport and enableDnsHostnames of {vpc.id}"
        )
    problems += [
        f"{each.id} of vpcSubnets is in {each.vpc_id}, not in {vpc.id}"
        for each in vpc.subnets
        if each.vpc_id != vpc.id
    ]
    zones = Counter(each.zone for each in vpc.subnets)
    problems += [
        f"{number} of vpcSubnets are in {zone}: an interface endpoint takes one subnet of a zone"
        for zone, number in zones.items()
        if number > 1
    ]
    return problems
