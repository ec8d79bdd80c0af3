"""boto3 clients that record each request and send none. Edge (environment).

Their answers have what the engine reads: ARNs as AWS makes them, and states that end every wait.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from botocore.model import OperationModel, Shape

from ops_dashboard.local.aws.clients import ACCOUNT, REGION, Clients

Parameters = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request, with the shape of its parameters in the service's model."""

    service: str
    operation: str
    parameters: Parameters
    shape: Shape | None

    @property
    def name(self) -> str:
        """Return what a reader calls it: ``lambda.CreateFunction``."""
        return f"{self.service}.{self.operation}"


class RecordingClients(Clients):
    """Clients whose requests are in `requests` and end before they are signed."""

    def __init__(self) -> None:
        super().__init__("http://localhost:1")
        self.requests: list[Request] = []
        events = self._session.events
        events.register_first("before-parameter-build.*.*", self._record)
        events.register("before-call.*.*", self._answer)

    def _record(self, params: Parameters, model: OperationModel, **_: object) -> None:
        self.requests.append(
            Request(
                service=model.service_model.signing_name,
                operation=model.name,
                parameters=copy.deepcopy(dict(params)),
                shape=model.input_shape,
            )
        )

    def _answer(self, model: OperationModel, **_: object) -> tuple[Any, dict[str, Any]]:
        last = next(each for each in reversed(self.requests) if each.operation == model.name)
        answer = _ANSWERS.get(last.name, lambda _: {})
        return SimpleNamespace(status_code=200), answer(last.parameters)


def arn(service: str, resource: str, region: str = REGION) -> str:
    """Return an ARN of the account of the embedded AWS."""
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


def _queue_arn(given: Parameters) -> dict[str, Any]:
    name = given["QueueUrl"].rpartition("/")[2]
    return {"Attributes": {"QueueArn": arn("sqs", name)}}


def _function(given: Parameters) -> dict[str, Any]:
    name = given["FunctionName"]
    return {"State": "Active", "FunctionArn": arn("lambda", f"function:{name}")}


def _stream(given: Parameters) -> dict[str, Any]:
    found = {"StreamStatus": "ACTIVE", "StreamARN": arn("kinesis", f"stream/{given['StreamName']}")}
    return {"StreamDescriptionSummary": found}


def _table(given: Parameters) -> dict[str, Any]:
    found = {"TableStatus": "ACTIVE", "TableArn": arn("dynamodb", f"table/{given['TableName']}")}
    return {"Table": found}


def _alarms(given: Parameters) -> dict[str, Any]:
    return {
        "MetricAlarms": [
            {"AlarmArn": arn("cloudwatch", f"alarm:{name}")} for name in given["AlarmNames"]
        ]
    }


def _rule(given: Parameters) -> dict[str, Any]:
    return {"RuleArn": arn("events", f"rule/{given['EventBusName']}/{given['Name']}")}


def _subnets(given: Parameters) -> dict[str, Any]:
    """Answer with subnets in different zones if their ids end differently."""
    return {
        "Subnets": [
            {"SubnetId": id_, "VpcId": VPC, "AvailabilityZone": f"{REGION}{id_[-1]}"}
            for id_ in given["SubnetIds"]
        ]
    }


def _vpcs(given: Parameters) -> dict[str, Any]:
    blocks = [{"CidrBlock": "10.0.0.0/16"}, {"CidrBlock": "10.9.0.0/16"}]
    return {"Vpcs": [{"VpcId": id_, "CidrBlockAssociationSet": blocks} for id_ in given["VpcIds"]]}


VPC = "vpc-0123456789abcdef0"
KEY_ID = "12345678-1234-1234-1234-123456789012"
FUNCTION_URL = f"https://{32 * 'a'}.lambda-url.{REGION}.on.aws/"
_ON = {"Value": True}
_ANSWERS: Mapping[str, Callable[[Parameters], dict[str, Any]]] = {
    "cloudfront.CreateCachePolicy": lambda _: {"CachePolicy": {"Id": "policy-1"}},
    "cloudfront.CreateDistribution": lambda _: {
        "Distribution": {
            "Id": "E1",
            "ARN": arn("cloudfront", "distribution/E1", region=""),
            "DomainName": "d1.cloudfront.net",
        }
    },
    "cloudfront.CreateKeyGroup": lambda _: {"KeyGroup": {"Id": "group-1"}},
    "cloudfront.CreateOriginAccessControl": lambda _: {"OriginAccessControl": {"Id": "E2"}},
    "cloudfront.CreatePublicKey": lambda _: {"PublicKey": {"Id": "K1"}},
    "cloudfront.CreateResponseHeadersPolicy": lambda _: {
        "ResponseHeadersPolicy": {"Id": "policy-2"}
    },
    "cloudtrail.CreateTrail": lambda given: {
        "TrailARN": arn("cloudtrail", f"trail/{given['Name']}")
    },
    "dynamodb.DescribeTable": _table,
    "ec2.AuthorizeSecurityGroupEgress": lambda _: {
        "SecurityGroupRules": [{"SecurityGroupRuleId": "sgr-0123456789abcdef0"}]
    },
    "ec2.AuthorizeSecurityGroupIngress": lambda _: {
        "SecurityGroupRules": [{"SecurityGroupRuleId": "sgr-0123456789abcdef1"}]
    },
    "ec2.CreateSecurityGroup": lambda _: {"GroupId": "sg-0123456789abcdef0"},
    "ec2.CreateVpcEndpoint": lambda _: {"VpcEndpoint": {"VpcEndpointId": "vpce-0123456789abcdef0"}},
    "ec2.DescribeSubnets": _subnets,
    "ec2.DescribeVpcAttribute": lambda _: {"EnableDnsSupport": _ON, "EnableDnsHostnames": _ON},
    "ec2.DescribeVpcs": _vpcs,
    "events.CreateArchive": lambda given: {
        "ArchiveArn": arn("events", f"archive/{given['ArchiveName']}")
    },
    "events.CreateEventBus": lambda given: {
        "EventBusArn": arn("events", f"event-bus/{given['Name']}")
    },
    "events.PutRule": _rule,
    "events.PutTargets": lambda _: {"FailedEntryCount": 0},
    "iam.CreateRole": lambda given: {
        "Role": {"Arn": arn("iam", f"role/{given['RoleName']}", region="")}
    },
    "kinesis.DescribeStreamSummary": _stream,
    "kms.CreateKey": lambda _: {
        "KeyMetadata": {"KeyId": KEY_ID, "Arn": arn("kms", f"key/{KEY_ID}")}
    },
    "lambda.CreateEventSourceMapping": lambda given: {
        "UUID": KEY_ID,
        "FunctionArn": arn("lambda", f"function:{given['FunctionName']}"),
    },
    "lambda.CreateFunctionUrlConfig": lambda _: {"FunctionUrl": FUNCTION_URL},
    "lambda.GetAccountSettings": lambda _: {"AccountLimit": {"ConcurrentExecutions": 1_000}},
    "lambda.GetFunctionConfiguration": _function,
    "monitoring.DescribeAlarms": _alarms,
    "scheduler.CreateSchedule": lambda given: {
        "ScheduleArn": arn("scheduler", f"schedule/default/{given['Name']}")
    },
    "sns.CreateTopic": lambda given: {"TopicArn": arn("sns", given["Name"])},
    "sns.Subscribe": lambda given: {"SubscriptionArn": f"{given['TopicArn']}:{KEY_ID}"},
    "events.CreateConnection": lambda given: {
        "ConnectionArn": arn("events", f"connection/{given['Name']}/{KEY_ID}")
    },
    "events.CreateApiDestination": lambda given: {
        "ApiDestinationArn": arn("events", f"api-destination/{given['Name']}/{KEY_ID}")
    },
    "sqs.CreateQueue": lambda given: {
        "QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{given['QueueName']}"
    },
    "sqs.GetQueueAttributes": _queue_arn,
    "sts.GetCallerIdentity": lambda _: {
        "Account": ACCOUNT,
        "Arn": arn("iam", "root", region=""),
        "UserId": ACCOUNT,
    },
}
