"""Checks a stack against its account before anything is created. Edge (Pulumi's look-ups)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_aws as aws
from checks.concurrency import concurrency_problems
from checks.names import name_problems
from checks.vpc import Subnet, Vpc, vpc_problems

import pulumi
from stream_ingest.contracts.concurrency_quota import QUOTA, SERVICE
from stream_ingest.contracts.errors import UserError

if TYPE_CHECKING:
    from settings import Settings


class AccountError(UserError, pulumi.RunError):
    """A stack does not fit its account or region; the message lists all problems."""


def check_account(settings: Settings, prefix: str) -> int | None:
    """Raise `AccountError` if names, quotas or the VPC would stop the deployment half-way.

    Return how many invocations the account may run at once, None if the deployer may not read it.

    `prefix` is ``<project>-<stack>``. A quota that the deployer may not read is a warning.
    """
    problems = name_problems(
        prefix, aws.get_region().region, settings.bucket_names, photos=settings.photos
    )
    limit = _concurrency_limit()
    if limit is not None:
        problems += concurrency_problems(settings, limit)
    if settings.vpc_interface_endpoints:
        problems += vpc_problems(_vpc(settings.vpc_id, settings.vpc_subnets))
    if problems:
        raise AccountError("; ".join(problems))
    return limit


def _concurrency_limit() -> int | None:
    """Return how many invocations the account may run at once in this region, None if unknown."""
    try:
        quota = aws.servicequotas.get_service_quota(service_code=SERVICE, quota_code=QUOTA)
    except Exception as error:  # noqa: BLE001 - Pulumi raises no narrower error
        pulumi.log.warn(
            "cannot check Lambda's concurrency, for want of servicequotas:GetServiceQuota and"
            f" GetAWSDefaultServiceQuota: {error}"
        )
        return None
    return int(quota.value)


def _vpc(vpc_id: str, subnet_ids: tuple[str, ...]) -> Vpc:
    found = aws.ec2.get_vpc(id=vpc_id)
    subnets = [aws.ec2.get_subnet(id=each) for each in subnet_ids]
    return Vpc(
        id=vpc_id,
        resolves_names=found.enable_dns_support and found.enable_dns_hostnames,
        subnets=tuple(
            Subnet(id=each.id, vpc_id=each.vpc_id, zone=each.availability_zone) for each in subnets
        ),
    )
