"""The ARNs of the resources that a request names. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ops_dashboard.local.aws.clients import ACCOUNT, REGION
from tests.models.recording import Parameters, arn

UNNAMED = ""
"""The resource of a request that does not name it: any resource of the action's statement."""
EVERYTHING = "*"
"""The resource of an action that has none."""


def object_arn(given: Parameters) -> str:
    """Return the ARN of an object."""
    return f"arn:aws:s3:::{given['Bucket']}/{given['Key']}"


def table_arn(name: str) -> str:
    """Return the ARN of a table, by its name or ARN."""
    return name if name.startswith("arn:") else arn("dynamodb", f"table/{name}")


def _dynamodb(_: str, given: Parameters) -> Iterator[str]:
    if "RequestItems" in given:
        yield from map(table_arn, given["RequestItems"])
    else:
        index = given.get("IndexName")
        yield table_arn(given["TableName"]) + (f"/index/{index}" if index else "")


def _s3(_: str, given: Parameters) -> Iterator[str]:
    yield object_arn(given) if "Key" in given else f"arn:aws:s3:::{given['Bucket']}"


def _sqs(_: str, given: Parameters) -> Iterator[str]:
    yield arn("sqs", given.get("QueueName") or given["QueueUrl"].rpartition("/")[2])


def _kinesis(operation: str, given: Parameters) -> Iterator[str]:
    yield given.get("StreamARN") or arn("kinesis", f"stream/{given['StreamName']}")
    if operation == "StartStreamEncryption":
        yield _key(given["KeyId"])


def _key(id_: str) -> str:
    """Return the ARN of a key; a key's alias stands for some key of the account."""
    if id_.startswith("arn:"):
        return id_
    return arn("kms", f"key/{'some-key' if id_.startswith('alias/') else id_}")


def _lambda(operation: str, given: Parameters) -> Iterator[str]:
    if operation in {
        "CreateEventSourceMapping",
        "GetAccountSettings",
        "ListEventSourceMappings",
    }:
        yield EVERYTHING
    elif "UUID" in given:
        yield arn("lambda", f"event-source-mapping:{given['UUID']}")
    else:
        yield arn("lambda", f"function:{given['FunctionName']}")


def _rule(given: Parameters, name: str) -> str:
    bus = given.get("EventBusName", "default")
    return arn("events", f"rule/{name}" if bus == "default" else f"rule/{bus}/{name}")


def _events(operation: str, given: Parameters) -> Iterator[str]:
    if "ArchiveName" in given:
        yield arn("events", f"archive/{given['ArchiveName']}")
        if operation == "CreateArchive":
            yield given["EventSourceArn"]
    elif "ReplayName" in given:
        yield arn("events", f"replay/{given['ReplayName']}")
        if operation == "StartReplay":
            yield given["EventSourceArn"]
            yield given["Destination"]["Arn"]
    elif operation == "PutEvents":
        for name in {entry.get("EventBusName", "default") for entry in given["Entries"]}:
            yield name if name.startswith("arn:") else arn("events", f"event-bus/{name}")
    elif "Rule" in given or operation.endswith("Rule"):
        yield _rule(given, given.get("Rule") or given["Name"])
    elif operation == "CreateApiDestination":
        yield arn("events", f"api-destination/{given['Name']}")
        yield given["ConnectionArn"]
    else:
        kind = {"CreateConnection": "connection"}.get(operation, "event-bus")
        yield arn("events", f"{kind}/{given['Name']}")


def _logs(operation: str, given: Parameters) -> Iterator[str]:
    if operation == "DescribeLogGroups":
        yield EVERYTHING
    elif operation == "GetQueryResults":
        yield UNNAMED
    else:
        names = given.get("logGroupNames") or [given["logGroupName"]]
        yield from (arn("logs", f"log-group:{name}") for name in names)


def _monitoring(operation: str, given: Parameters) -> Iterator[str]:
    if "DashboardName" in given:
        yield arn("cloudwatch", f"dashboard/{given['DashboardName']}", region="")
    elif operation == "PutMetricAlarm":
        yield arn("cloudwatch", f"alarm:{given['AlarmName']}")
    else:
        yield EVERYTHING


def _ec2(operation: str, given: Parameters) -> Iterator[str]:
    if operation.startswith("Describe"):
        yield EVERYTHING
        return
    if operation.startswith("Create"):
        kind = {"CreateSecurityGroup": "security-group", "CreateVpcEndpoint": "vpc-endpoint"}
        yield arn("ec2", f"{kind[operation]}/new")
        yield arn("ec2", f"vpc/{given['VpcId']}")
    ids = [*given.get("SubnetIds", []), *given.get("RouteTableIds", [])]
    for id_ in [*ids, *given.get("SecurityGroupIds", []), *filter(None, [given.get("GroupId")])]:
        yield arn("ec2", f"{_EC2_KINDS[id_.partition('-')[0]]}/{id_}")


_EC2_KINDS = {"subnet": "subnet", "rtb": "route-table", "sg": "security-group"}


def _kms(operation: str, given: Parameters) -> Iterator[str]:
    if operation == "CreateKey":
        yield EVERYTHING
        return
    if "AliasName" in given:
        yield arn("kms", given["AliasName"])
    key = given.get("TargetKeyId") or given.get("KeyId")
    if key:
        yield _key(key)


def _cloudfront(operation: str, given: Parameters) -> Iterator[str]:
    """Yield what is created, whose id is not known yet, or what has an id."""
    if operation in {"CreatePublicKey", "CreateKeyGroup"}:
        yield EVERYTHING
        return
    kind = "distribution"
    for name, config in _CLOUDFRONT_KINDS.items():
        kind = name if config in given else kind
    id_ = given.get("Id") or given.get("DistributionId") or "new"
    yield arn("cloudfront", f"{kind}/{id_}", region="")


_CLOUDFRONT_KINDS = {
    "origin-access-control": "OriginAccessControlConfig",
    "cache-policy": "CachePolicyConfig",
    "response-headers-policy": "ResponseHeadersPolicyConfig",
}


def _named(service: str, prefix: str, *keys: str) -> Callable[[str, Parameters], Iterator[str]]:
    """Return a function that reads a resource's name from the first of some parameters."""

    def resources(_: str, given: Parameters) -> Iterator[str]:
        name = next(given[key] for key in keys if key in given)
        if name.startswith("arn:"):
            yield name
        else:
            yield f"arn:aws:{service}:{'' if service == 'iam' else REGION}:{ACCOUNT}:{prefix}{name}"

    return resources


RESOURCES: Mapping[str, Callable[[str, Parameters], Iterator[str]]] = {
    "cloudfront": _cloudfront,
    "cloudtrail": _named("cloudtrail", "trail/", "Name", "TrailName"),
    "dynamodb": _dynamodb,
    "ec2": _ec2,
    "events": _events,
    "iam": _named("iam", "role/", "RoleName"),
    "kinesis": _kinesis,
    "kms": _kms,
    "lambda": _lambda,
    "logs": _logs,
    "monitoring": _monitoring,
    "s3": _s3,
    "scheduler": _named("scheduler", "schedule/default/", "Name"),
    "sns": _named("sns", "", "Name", "TopicArn"),
    "sqs": _sqs,
    "ssm": _named("ssm", "parameter", "Name"),
}
