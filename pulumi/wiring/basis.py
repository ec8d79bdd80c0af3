"""What every component of a stack needs: names, account, key and network. Edge (Pulumi)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from components.security.encryption import Encryption, EncryptionArgs
from components.security.hardening import Hardening
from components.security.network import Network, NetworkArgs
from components.security.policies import bucket_arn
from settings import Settings

import pulumi


@dataclass(frozen=True, kw_only=True)
class Basis:
    """A stack's settings, where it is, and what protects it."""

    settings: Settings
    stack: str
    prefix: str
    account: pulumi.Output[str]
    region: pulumi.Output[str]
    partition: str
    other_bucket_arns: tuple[str, ...]
    """Buckets besides the stack's own from which requests may name files."""
    other_photo_bucket_arns: tuple[str, ...]
    """Buckets besides the stack's own whose photos may be rendered."""
    key_arn: pulumi.Output[str] | None
    hardening: Hardening


def declare_basis(settings: Settings, stack: str, prefix: str) -> Basis:
    """Look the account up, and declare the key and the network that the settings ask for."""
    account = aws.get_caller_identity_output().account_id
    region = aws.get_region_output().region
    partition = aws.get_partition()
    other_bucket_arns = tuple(
        bucket_arn(name, partition.partition) for name in settings.allowed_input_buckets
    )
    served = bucket_arn(f"{prefix}-renditions-", partition.partition)
    encryption = EncryptionArgs(
        prefix=prefix,
        account=account,
        partition=partition.partition,
        protect=settings.protect,
        other_bucket_arns=other_bucket_arns,
        served_bucket_arn=pulumi.Output.concat(served, account, "-", region)
        if settings.photos_cdn
        else "",
    )
    key_arn = Encryption("encryption", encryption).arn if settings.kms_key else None
    network = _network(settings, prefix, region) if settings.vpc_id else None
    return Basis(
        settings=settings,
        stack=stack,
        prefix=prefix,
        account=account,
        region=region,
        partition=partition.partition,
        other_bucket_arns=other_bucket_arns,
        other_photo_bucket_arns=tuple(
            bucket_arn(name, partition.partition) for name in settings.photos_other_buckets
        ),
        key_arn=key_arn,
        hardening=Hardening(
            region=region,
            dns_suffix=partition.dns_suffix,
            key_arn=key_arn,
            former_key_arns=settings.former_kms_keys,
            placement=network.placement if network else None,
        ),
    )


def _network(settings: Settings, prefix: str, region: pulumi.Output[str]) -> Network:
    return Network(
        "network",
        NetworkArgs(
            prefix=prefix,
            region=region,
            vpc_id=settings.vpc_id,
            subnet_ids=settings.vpc_subnets,
            route_table_ids=settings.vpc_route_tables,
            interface_endpoints=settings.vpc_interface_endpoints,
            ports=settings.download_ports,
        ),
    )
