"""The documented rights of a deployer allow every request of a deployment, and little else.

The requests are those of the engine for dev, prod and a stack with all options.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ops_dashboard.local.aws.clients import ACCOUNT, REGION
from tests.fakes.iam.requests import Authorization
from tests.models.arns import EVERYTHING
from tests.models.authorized import allowing, authorizations
from tests.pulumi.all_options import NAME
from tests.pulumi.requested import Requested
from tools.rights.deployer import DEPLOYER
from tools.rights.grants import Place, policy
from tools.rights.options import OPTIONS

OF_THE_PROVIDER = {
    "EmptyBuckets": "pulumi destroy",
    "Mappings": "later changes",
    "NetworkTags": "the setting tags",
    "ReadTrails": "pulumi refresh",
    "UseKey": "DynamoDB, on behalf of its caller",
    "WebhookRole": "EventBridge, on behalf of its caller",
    "WebhookSecret": "EventBridge, on behalf of its caller",
}
"""Statements that no request of the engine needs, and who needs them."""
ANYWHERE = frozenset(
    {
        *("cloudwatch:DescribeAlarms", "lambda:CreateEventSourceMapping"),
        *("lambda:GetAccountSettings", "kinesis:StartStreamEncryption"),
    }
)
LATER = {
    "cloudfront:CreateDistribution": ("TagResource", "UpdateDistribution", "DeleteDistribution"),
    "cloudfront:CreateOriginAccessControl": ("DeleteOriginAccessControl",),
    "cloudfront:CreateCachePolicy": ("UpdateCachePolicy", "DeleteCachePolicy"),
    "cloudfront:CreateResponseHeadersPolicy": ("DeleteResponseHeadersPolicy",),
    "cloudfront:CreatePublicKey": ("DeletePublicKey",),
    "cloudfront:CreateKeyGroup": ("UpdateKeyGroup", "DeleteKeyGroup"),
    "cloudtrail:CreateTrail": ("AddTags", "UpdateTrail", "DeleteTrail"),
    "cloudwatch:PutDashboard": ("GetDashboard", "DeleteDashboards"),
    "cloudwatch:PutMetricAlarm": ("TagResource", "DeleteAlarms"),
    "dynamodb:CreateTable": ("TagResource", "UpdateTable", "DescribeTable", "DeleteTable"),
    "ec2:CreateSecurityGroup": ("DeleteSecurityGroup",),
    "ec2:CreateVpcEndpoint": ("ModifyVpcEndpoint", "DeleteVpcEndpoints"),
    "events:CreateApiDestination": ("UpdateApiDestination", "DeleteApiDestination"),
    "events:CreateArchive": ("UpdateArchive", "DeleteArchive"),
    "events:CreateConnection": ("UpdateConnection", "DeleteConnection", "DescribeConnection"),
    "events:CreateEventBus": ("TagResource", "UpdateEventBus", "DeleteEventBus"),
    "events:PutRule": ("TagResource", "DescribeRule", "DeleteRule"),
    "events:PutTargets": ("ListTargetsByRule", "RemoveTargets"),
    "iam:CreateRole": ("TagRole", "UpdateAssumeRolePolicy", "ListRolePolicies", "DeleteRole"),
    "iam:PutRolePolicy": ("GetRolePolicy", "DeleteRolePolicy"),
    "kinesis:CreateStream": ("AddTagsToStream", "DescribeStreamSummary", "DeleteStream"),
    "kms:CreateAlias": ("DeleteAlias", "UpdateAlias"),
    "lambda:AddPermission": ("GetPolicy", "RemovePermission"),
    "lambda:CreateFunctionUrlConfig": (
        "GetFunctionUrlConfig",
        "UpdateFunctionUrlConfig",
        "DeleteFunctionUrlConfig",
    ),
    "lambda:CreateFunction": ("TagResource", "UpdateFunctionCode", "DeleteFunction"),
    "logs:CreateLogGroup": ("TagResource", "ListTagsForResource", "DeleteLogGroup"),
    "s3:CreateBucket": ("PutBucketTagging", "GetBucketLocation", "ListBucket", "DeleteBucket"),
    "s3:PutBucketPolicy": ("GetBucketPolicy", "DeleteBucketPolicy"),
    "scheduler:CreateSchedule": ("GetSchedule", "UpdateSchedule", "DeleteSchedule"),
    "sns:CreateTopic": ("TagResource", "GetTopicAttributes", "DeleteTopic"),
    "sqs:CreateQueue": ("TagQueue", "GetQueueAttributes", "DeleteQueue"),
    "ssm:PutParameter": ("AddTagsToResource", "GetParameter", "DeleteParameter"),
}
"""What the provider does later to what a request of the engine creates, on the same resource."""


def documented(stack: str) -> list[dict[str, Any]]:
    """Return the statements that docs/operations/policies.md has for a stack's deployer."""
    grants = [*DEPLOYER, *(OPTIONS if stack == NAME else ())]
    statements: list[dict[str, Any]] = policy(
        grants, Place(account=ACCOUNT, region=REGION, stack=stack)
    )["Statement"]
    return statements


@pytest.mark.parametrize("stack", ["dev", "prod", NAME])
def test_a_deployers_documented_rights_allow_every_request(
    stacks: dict[str, Requested], stack: str
) -> None:
    statements = documented(stack)
    denied = {
        (needed.action, needed.resource, needed.keys)
        for needed in needed_by(stacks[stack])
        if allowing(statements, needed) is None
    }
    assert denied == set()


@pytest.mark.parametrize("stack", ["dev", "prod", NAME])
def test_a_deployer_of_one_stack_may_not_touch_another(
    stacks: dict[str, Requested], stack: str
) -> None:
    """Except what AWS names by an id, or not at all."""
    other = documented("other")
    allowed = {
        needed.action
        for needed in needed_by(stacks[stack])
        if allowing(other, needed) is not None and needed.action not in ANYWHERE
    }
    assert allowed == set()


def needed_by(run: Requested) -> Iterator[Authorization]:
    """Yield what a deployment needs; the engine's own notes are no part of it."""
    for request in run.requests:
        if not str(request.parameters.get("Name", "")).startswith("/ministack/"):
            yield from authorizations(request)


@pytest.mark.parametrize(
    ("action", "passed_to"),
    [
        ("lambda:CreateFunction", "lambda"),
        ("scheduler:CreateSchedule", "scheduler"),
        ("events:PutTargets", "events"),
    ],
)
def test_roles_are_passed_to_three_services_only(
    stacks: dict[str, Requested], action: str, passed_to: str
) -> None:
    needed = list(needed_by(stacks[NAME]))
    assert action in {each.action for each in needed}
    passed = [each for each in needed if each.action == "iam:PassRole"]
    services = {each.context["iam:PassedToService"][0] for each in passed}
    assert services == {f"{name}.amazonaws.com" for name in ("lambda", "scheduler", "events")}
    (one, *_) = (each for each in passed if passed_to in each.context["iam:PassedToService"][0])
    elsewhere = Authorization(
        one.action, one.resource, (("iam:PassedToService", ("ec2.amazonaws.com",)),)
    )
    assert allowing(documented(NAME), one) == "PassRoles"
    assert allowing(documented(NAME), elsewhere) is None


@pytest.mark.parametrize("stack", ["prod", NAME])
def test_what_a_deployer_creates_it_may_tag_and_destroy(
    stacks: dict[str, Requested], stack: str
) -> None:
    statements, denied = documented(stack), set()
    for needed in needed_by(stacks[stack]):
        for action in LATER.get(needed.action, ()):
            later = Authorization(f"{needed.action.partition(':')[0]}:{action}", needed.resource)
            if allowing(statements, later) is None and needed.resource != EVERYTHING:
                denied.add((later.action, later.resource))
    assert denied == set()
    created = {each.action for each in needed_by(stacks[stack]) if ":Create" in each.action}
    assert created - LATER.keys() == {"lambda:CreateEventSourceMapping"} | (
        {"kms:CreateKey"} if stack == NAME else set()
    )


@pytest.mark.parametrize("without", sorted(grant.sid for grant in (*DEPLOYER, *OPTIONS)))
def test_every_statement_of_a_deployer_is_needed(
    stacks: dict[str, Requested], without: str
) -> None:
    used = {allowing(documented(NAME), needed) for needed in needed_by(stacks[NAME])}
    assert without in used or without in OF_THE_PROVIDER
