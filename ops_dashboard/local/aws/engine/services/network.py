"""Creates security groups, their rules and VPC endpoints. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine.inputs import Inputs

Created = tuple[str, dict[str, Any]]
_EVERYTHING = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def _group(clients: Clients, inputs: Inputs) -> Created:
    """Create a group without any rule, as the provider does: EC2 adds one for all egress."""
    ec2 = clients.untyped("ec2")
    made = ec2.create_security_group(
        GroupName=inputs.text("name"),
        Description=inputs.text("description"),
        VpcId=inputs.text("vpcId"),
    )
    ec2.revoke_security_group_egress(GroupId=made["GroupId"], IpPermissions=[_EVERYTHING])
    return made["GroupId"], {"id": made["GroupId"]}


def _egress(clients: Clients, inputs: Inputs) -> Created:
    made = clients.untyped("ec2").authorize_security_group_egress(**_rule(inputs))
    return _rule_id(made), {}


def _ingress(clients: Clients, inputs: Inputs) -> Created:
    made = clients.untyped("ec2").authorize_security_group_ingress(**_rule(inputs))
    return _rule_id(made), {}


def _rule(inputs: Inputs) -> dict[str, Any]:
    return {
        "GroupId": inputs.text("securityGroupId"),
        "IpPermissions": [
            {
                "IpProtocol": inputs.text("ipProtocol"),
                "FromPort": inputs.number("fromPort"),
                "ToPort": inputs.number("toPort"),
                "IpRanges": [{"CidrIp": inputs.text("cidrIpv4")}],
            }
        ],
    }


def _rule_id(answer: dict[str, Any]) -> str:
    rule: str = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    return rule


def _endpoint(clients: Clients, inputs: Inputs) -> Created:
    parameters: dict[str, Any] = {
        "VpcId": inputs.text("vpcId"),
        "ServiceName": inputs.text("serviceName"),
        "VpcEndpointType": inputs.text("vpcEndpointType"),
    }
    if routes := inputs.texts("routeTableIds"):
        parameters["RouteTableIds"] = routes
    if subnets := inputs.texts("subnetIds"):
        parameters["SubnetIds"] = subnets
    if groups := inputs.texts("securityGroupIds"):
        parameters["SecurityGroupIds"] = groups
    if inputs.raw("privateDnsEnabled") is not None:
        parameters["PrivateDnsEnabled"] = inputs.flag("privateDnsEnabled")
    made = clients.untyped("ec2").create_vpc_endpoint(**parameters)["VpcEndpoint"]
    return made["VpcEndpointId"], {"id": made["VpcEndpointId"]}


def subnet(clients: Clients, inputs: Inputs) -> dict[str, Any]:
    """Look up a subnet's VPC and zone."""
    (found,) = clients.untyped("ec2").describe_subnets(SubnetIds=[inputs.text("id")])["Subnets"]
    return {
        "id": found["SubnetId"],
        "vpcId": found["VpcId"],
        "availabilityZone": found["AvailabilityZone"],
    }


def vpc(clients: Clients, inputs: Inputs) -> dict[str, Any]:
    """Look up a VPC's address ranges and its DNS settings."""
    ec2, id_ = clients.untyped("ec2"), inputs.text("id")
    (found,) = ec2.describe_vpcs(VpcIds=[id_])["Vpcs"]
    support = ec2.describe_vpc_attribute(VpcId=id_, Attribute="enableDnsSupport")
    names = ec2.describe_vpc_attribute(VpcId=id_, Attribute="enableDnsHostnames")
    return {
        "id": id_,
        "enableDnsSupport": support["EnableDnsSupport"]["Value"],
        "enableDnsHostnames": names["EnableDnsHostnames"]["Value"],
        "cidrBlockAssociations": [
            {"cidrBlock": each["CidrBlock"]} for each in found["CidrBlockAssociationSet"]
        ],
    }


CREATE = {
    "aws:ec2/securityGroup:SecurityGroup": _group,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _egress,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _ingress,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
}
LOOKUPS = {
    "aws:ec2/getSubnet:getSubnet": subnet,
    "aws:ec2/getVpc:getVpc": vpc,
}
