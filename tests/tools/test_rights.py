"""The rights of people name every command, and are policies that AWS accepts."""

from __future__ import annotations

import json

import pytest
from moto.iam.policy_validation import IAMPolicyDocumentValidator

from tools.cli_reference import APPLICATIONS, commands
from tools.rights.deployer import UP
from tools.rights.grants import Grant, Place, policy
from tools.rights.roles import EXAMPLE, ROLES, WITHOUT_RIGHTS

INLINE_POLICY_CHARACTERS = 10_240
"""Size of a role's inline policies, without whitespace (IAM User Guide, "IAM quotas")."""
HEAD_ROOM_CHARACTERS = 200
LONG = Place(account="123456789012", region="ap-southeast-2", stack="production")
"""A stack whose name and region are long: both are in most of a policy's lines."""


def assigned() -> set[str]:
    return {each for grants in ROLES.values() for grant in grants for each in grant.commands}


def test_every_command_has_its_rights_or_needs_none() -> None:
    known = {full.removeprefix(f"{name} ") for name in APPLICATIONS for full, _ in commands(name)}
    assert known - assigned() - set(WITHOUT_RIGHTS) == set()
    assert assigned() - known == set(UP)
    assert set(WITHOUT_RIGHTS) - known == set()
    assert assigned() & set(WITHOUT_RIGHTS) == set()


@pytest.mark.parametrize("role", ROLES)
def test_each_statement_has_a_name_of_its_own(role: str) -> None:
    sids = [grant.sid for grant in ROLES[role]]
    assert sorted(set(sids)) == sorted(sids)
    assert all(sid.isalnum() for sid in sids)


@pytest.mark.parametrize("role", ROLES)
def test_a_policy_follows_the_grammar_and_fits_into_a_role(role: str) -> None:
    document = json.dumps(policy(ROLES[role], EXAMPLE), separators=(",", ":"))
    IAMPolicyDocumentValidator(document).validate()
    assert len(document) <= INLINE_POLICY_CHARACTERS


@pytest.mark.parametrize("role", ROLES)
def test_a_policy_of_a_stack_with_a_long_name_fits_into_a_role_too(role: str) -> None:
    """Together with a statement or two that an operator adds."""
    document = json.dumps(policy(ROLES[role], LONG), separators=(",", ":"))
    assert len(document) <= INLINE_POLICY_CHARACTERS - HEAD_ROOM_CHARACTERS


def test_nobody_but_a_deployer_changes_rights_or_resources() -> None:
    services = {
        action.partition(":")[0]
        for role in ("pusher", "operator")
        for grant in ROLES[role]
        for action in grant.actions
    }
    assert services.isdisjoint({"iam", "ec2", "sts"})
    keys = {action for grant in ROLES["operator"] for action in grant.actions if "kms:" in action}
    assert keys == {"kms:GenerateMac", "kms:DescribeKey"}  # upload links, and checks of keys
    deleting = [
        action
        for role in ("pusher", "operator")
        for grant in ROLES[role]
        for action in grant.actions
        if action.partition(":")[2].startswith(("Create", "DeleteTable", "DeleteBucket"))
    ]
    assert deleting == []


def test_the_policies_of_a_deployer_fit_into_one_role() -> None:
    """IAM counts all inline policies of a role together."""
    both = [policy(ROLES[role], EXAMPLE) for role in ("deployer", "deployer-options")]
    sizes = [len(json.dumps(document, separators=(",", ":"))) for document in both]
    assert sum(sizes) <= INLINE_POLICY_CHARACTERS


ANYWHERE = {
    "cloudfront:*KeyGroup",
    "cloudfront:*PublicKey",
    "cloudtrail:DescribeTrails",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricData",
    "cloudwatch:PutMetricData",
    "ec2:Describe*",
    "kinesis:UpdateShardCount",
    "kinesis:UpdateStreamMode",
    "kms:CreateKey",
    "kms:ListAliases",
    "lambda:CreateEventSourceMapping",
    "lambda:GetAccountSettings",
    "lambda:ListEventSourceMappings",
    "logs:DescribeLogGroups",
    "servicequotas:GetAWSDefaultServiceQuota",
    "servicequotas:GetServiceQuota",
    "sns:Unsubscribe",
    "ssm:DescribeParameters",
}
"""Actions for which IAM has no resource of one stack."""


@pytest.mark.parametrize("role", ROLES)
def test_only_actions_without_a_narrower_resource_are_allowed_on_everything(role: str) -> None:
    broad = {action for grant in ROLES[role] if "*" in grant.resources for action in grant.actions}
    assert broad <= ANYWHERE


@pytest.mark.parametrize("role", ["pusher", "operator"])
def test_no_action_of_a_pusher_or_operator_is_a_wildcard(role: str) -> None:
    assert not [a for grant in ROLES[role] for a in grant.actions if "*" in a]


def test_a_grant_fills_in_the_place() -> None:
    grant = Grant(
        sid="S",
        commands=(),
        actions=("a:B",),
        resources=("arn:{account}:{region}:{prefix}-{stack}",),
        condition={"StringEquals": {"k": ("{stack}", "other")}},
    )
    assert grant.statement(EXAMPLE) == {
        "Sid": "S",
        "Effect": "Allow",
        "Action": ["a:B"],
        "Resource": ["arn:123456789012:us-east-1:coverstream-prod-prod"],
        "Condition": {"StringEquals": {"k": ["prod", "other"]}},
    }
