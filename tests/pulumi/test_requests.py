"""AWS and its provider accept everything that dev, prod and a stack with all options send.

No account is needed: the engine's requests are compared with botocore's service models, and the
program's properties with the types of pulumi-aws.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.policy_validation import (
    IAMPolicyDocumentValidator,
    IAMTrustPolicyDocumentValidator,
)

from tests.models.policies import resource_policy_problems
from tests.models.properties import property_problems
from tests.models.recording import Request
from tests.models.requests import request_problems
from tests.paths import ROOT
from tests.pulumi.requested import Requested

NAMES = {
    "cloudfront.CreateCachePolicy": ("CachePolicyConfig.Name",),
    "cloudfront.CreateDistribution": ("DistributionConfig.CallerReference",),
    "cloudfront.CreateKeyGroup": ("KeyGroupConfig.Name",),
    "cloudfront.CreateOriginAccessControl": ("OriginAccessControlConfig.Name",),
    "cloudfront.CreatePublicKey": ("PublicKeyConfig.Name",),
    "cloudfront.CreateResponseHeadersPolicy": ("ResponseHeadersPolicyConfig.Name",),
    "cloudtrail.CreateTrail": ("Name",),
    "dynamodb.CreateTable": ("TableName",),
    "ec2.CreateSecurityGroup": ("VpcId", "GroupName"),
    "ec2.CreateVpcEndpoint": ("VpcId", "ServiceName"),
    "events.CreateArchive": ("ArchiveName",),
    "events.CreateApiDestination": ("Name",),
    "events.CreateConnection": ("Name",),
    "events.CreateEventBus": ("Name",),
    "events.PutRule": ("EventBusName", "Name"),
    "iam.CreateRole": ("RoleName",),
    "kinesis.CreateStream": ("StreamName",),
    "kms.CreateAlias": ("AliasName",),
    "lambda.CreateFunction": ("FunctionName",),
    "lambda.CreateFunctionUrlConfig": ("FunctionName",),
    "logs.CreateLogGroup": ("logGroupName",),
    "monitoring.PutDashboard": ("DashboardName",),
    "monitoring.PutMetricAlarm": ("AlarmName",),
    "s3.CreateBucket": ("Bucket",),
    "scheduler.CreateSchedule": ("GroupName", "Name"),
    "sns.CreateTopic": ("Name",),
    "sqs.CreateQueue": ("QueueName",),
    "ssm.PutParameter": ("Name",),
}
"""What names a thing of an account and region; to create another of that name is an error, or
replaces the first."""
UNNAMED = {"kms.CreateKey", "lambda.CreateEventSourceMapping"}


def test_every_request_is_valid_by_the_model_of_its_service(stacks: dict[str, Requested]) -> None:
    problems = [
        f"{stack}: {request.name}{problem}"
        for stack, run in stacks.items()
        for request in run.requests
        if request.shape is not None
        for problem in request_problems(request.shape, request.parameters)
    ]
    assert "\n".join(problems) == ""
    assert sum(len(run.requests) for run in stacks.values()) > 500


def test_every_property_is_one_that_the_provider_knows(stacks: dict[str, Requested]) -> None:
    problems = [
        f"{stack}: {one.type} {one.name}{problem}"
        for stack, run in stacks.items()
        for one in run.declared
        if one.custom
        for problem in property_problems(one.type, one.inputs)
    ]
    assert "\n".join(problems) == ""


def test_every_policy_of_a_role_follows_iams_grammar(stacks: dict[str, Requested]) -> None:
    documents = [
        request.parameters["PolicyDocument"]
        for run in stacks.values()
        for request in run.requests
        if request.name == "iam.PutRolePolicy"
    ]
    assert len(documents) > 20
    for document in documents:
        IAMPolicyDocumentValidator(document).validate()


def resource_policies(run: Requested) -> Iterator[tuple[str, str]]:
    """Yield the service and the document of each policy of a queue, bucket, key or topic."""
    for request in run.requests:
        given = request.parameters
        is_policy = given.get("AttributeName") == "Policy"
        documents = {
            "kms.CreateKey": given.get("Policy"),
            "s3.PutBucketPolicy": given.get("Policy"),
            "sns.SetTopicAttributes": is_policy and given.get("AttributeValue"),
            "sqs.SetQueueAttributes": given.get("Attributes", {}).get("Policy"),
        }
        if document := documents.get(request.name):
            yield request.service, document


def test_every_policy_of_a_resource_follows_its_grammar(stacks: dict[str, Requested]) -> None:
    found = [policy for run in stacks.values() for policy in resource_policies(run)]
    assert {service for service, _ in found} == {"kms", "s3", "sns", "sqs"}
    problems = [each for policy in found for each in resource_policy_problems(*policy)]
    assert "\n".join(problems) == ""
    kinds = Counter(one.type.rpartition(":")[2] for run in stacks.values() for one in run.declared)
    declared = ("BucketPolicy", "Key", "QueuePolicy", "TopicPolicy")
    assert len(found) == sum(kinds[kind] for kind in declared)


def test_every_role_may_be_assumed_by_its_service(stacks: dict[str, Requested]) -> None:
    documents = [
        request.parameters["AssumeRolePolicyDocument"]
        for run in stacks.values()
        for request in run.requests
        if request.name == "iam.CreateRole"
    ]
    assert len(documents) > 10
    for document in documents:
        IAMTrustPolicyDocumentValidator(document).validate()


@pytest.mark.parametrize("part", ["Effect", "Action", "Resource"])
def test_a_policy_without_a_part_of_a_statement_is_refused(
    stacks: dict[str, Requested], part: str
) -> None:
    (document, *_) = (
        json.loads(request.parameters["PolicyDocument"])
        for request in stacks["dev"].requests
        if request.name == "iam.PutRolePolicy"
    )
    del document["Statement"][0][part]
    with pytest.raises(MalformedPolicyDocument):
        IAMPolicyDocumentValidator(json.dumps(document)).validate()


def test_every_name_is_used_once_in_an_account(stacks: dict[str, Requested]) -> None:
    assert [name for name, times in Counter(created(stacks)).items() if times > 1] == []


def created(stacks: dict[str, Requested]) -> Iterator[tuple[str, ...]]:
    """Yield what names each thing that is created by a request."""
    for run in stacks.values():
        for request in run.requests:
            if request.name in NAMES:
                yield request.name, *(named(request, path) for path in NAMES[request.name])
            else:
                is_new = request.operation.startswith("Create")
                assert not is_new or request.name in UNNAMED, request.name


def named(request: Request, path: str) -> str:
    """Return a parameter by its path, such as ``KeyGroupConfig.Name``."""
    found: Any = request.parameters
    for key in path.split("."):
        found = found.get(key, "")
    return str(found)


def test_every_resource_has_a_name_of_its_own_in_pulumi(stacks: dict[str, Requested]) -> None:
    for run in stacks.values():
        names = Counter((one.type, one.name) for one in run.declared)
        assert [name for name, times in names.items() if times > 1] == []


def test_the_three_stacks_have_every_type_of_resource_that_the_program_can_declare(
    stacks: dict[str, Requested],
) -> None:
    """Otherwise a new option is not checked: add it to `ALL_OPTIONS`."""
    types = {one.type for run in stacks.values() for one in run.declared if one.custom}
    sources = "\n".join(path.read_text() for path in (ROOT / "pulumi").rglob("*.py"))
    called = {
        (module, kind)
        for module, kind in re.findall(r"\baws\.(\w+)\.([A-Z]\w+)\(", sources)
        if not kind.endswith("Args")
    }
    assert {kind for _, kind in called} == {each.rpartition(":")[2] for each in types}
