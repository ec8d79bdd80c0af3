"""Security group and VPC endpoints of the functions in an existing VPC. Edge (Pulumi).

The VPC, its private subnets and their NAT gateway are the account's own. Covers are fetched from
the internet, so in a subnet without a route there every window fails. The gateway endpoints are
free and keep the largest traffic (S3, DynamoDB) off the NAT gateway. Interface endpoints are billed
by the hour in each subnet, and take over the names of their services for the whole VPC: they accept
connections from all of it, because other programs there would be cut off otherwise. Lambda itself
reads streams and queues and writes logs, outside of the VPC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws

import pulumi

GATEWAYS = ("s3", "dynamodb")
INTERFACES = ("events", "kinesis-streams", "sqs")
"""The services that functions call, apart from those of the gateways."""
HTTPS = 443
_ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Subnets and security group of a function."""

    subnet_ids: Sequence[str]
    security_group_id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """A VPC, its private subnets (each with a route to a NAT gateway) and their route tables."""

    prefix: str
    region: pulumi.Input[str]
    vpc_id: str
    subnet_ids: Sequence[str]
    route_table_ids: Sequence[str]
    """If empty, no gateway endpoints are created."""
    interface_endpoints: bool
    ports: Sequence[int]
    """Ports that covers may be fetched from; empty means all."""


class Network(pulumi.ComponentResource):
    """Security groups and endpoints; `placement` is for the functions."""

    def __init__(
        self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create the groups, and the endpoints that the arguments request."""
        super().__init__("coverstream:index:Network", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        self.group = self._group("functions", "Functions of the stack; no inbound connections")
        self._allow_egress()
        for service in GATEWAYS if args.route_table_ids else ():
            aws.ec2.VpcEndpoint(
                service,
                vpc_id=args.vpc_id,
                service_name=self._service(service),
                vpc_endpoint_type="Gateway",
                route_table_ids=args.route_table_ids,
                opts=self._child,
            )
        if args.interface_endpoints:
            self._create_interface_endpoints()
        self.placement = Placement(subnet_ids=args.subnet_ids, security_group_id=self.group.id)
        self.register_outputs({"group": self.group.id})

    def _group(self, name: str, description: str) -> aws.ec2.SecurityGroup:
        return aws.ec2.SecurityGroup(
            name,
            name=f"{self._args.prefix}-{name}",
            description=description,
            vpc_id=self._args.vpc_id,
            opts=self._child,
        )

    def _allow_egress(self) -> None:
        """Allow connections to all addresses, at HTTPS and the ports that covers are fetched from.

        The function checks each address itself when it connects.
        """
        ports = sorted({*self._args.ports, HTTPS}) if self._args.ports else [None]
        for port in ports:
            aws.vpc.SecurityGroupEgressRule(
                f"functions-{port or 'any'}",
                security_group_id=self.group.id,
                cidr_ipv4=_ANYWHERE,
                ip_protocol="tcp",
                from_port=port or 0,
                to_port=port or 65_535,
                opts=self._child,
            )

    def _create_interface_endpoints(self) -> None:
        group = self._group("endpoints", "VPC endpoints of the stack")
        for block in aws.ec2.get_vpc(id=self._args.vpc_id).cidr_block_associations:
            aws.vpc.SecurityGroupIngressRule(
                f"endpoints-{block.cidr_block}",
                security_group_id=group.id,
                cidr_ipv4=block.cidr_block,
                ip_protocol="tcp",
                from_port=HTTPS,
                to_port=HTTPS,
                opts=self._child,
            )
        for service in INTERFACES:
            aws.ec2.VpcEndpoint(
                service,
                vpc_id=self._args.vpc_id,
                service_name=self._service(service),
                vpc_endpoint_type="Interface",
                subnet_ids=self._args.subnet_ids,
                security_group_ids=[group.id],
                private_dns_enabled=True,
                opts=self._child,
            )

    def _service(self, service: str) -> pulumi.Output[str]:
        return pulumi.Output.concat("com.amazonaws.", self._args.region, ".", service)
