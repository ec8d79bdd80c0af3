"""What ministack asks for instead of what AWS asks for (docs/facts.md#ministack).

`tests/models/authorized` has AWS's own names; requests of commands are compared with both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.fakes.iam.conditions import matches
from tools.rights.grants import Place

Statement = Mapping[str, Any]
SAME = ""
"""The resources of the statement."""
_EVENTS = "arn:aws:events:{region}:{account}"
_CDN = (
    *("CreateCachePolicy", "CreateOriginAccessControl", "CreateResponseHeadersPolicy"),
    *("GetCachePolicy", "GetOriginAccessControl", "GetResponseHeadersPolicy"),
    *("CreateDistribution", "CreateDistributionWithTags", "TagResource", "ListTagsForResource"),
)
"""Actions of CloudFront that have no distribution in their path."""
INSTEAD: Mapping[str, tuple[str, str]] = {
    **{f"cloudfront:{action}": (f"cloudfront:{action}", "*") for action in _CDN},
    "cloudwatch:GetDashboard": ("cloudwatch:GetDashboard", "*"),
    "cloudwatch:PutDashboard": ("cloudwatch:PutDashboard", "*"),
    "events:CreateApiDestination": (
        "events:CreateApiDestination",
        f"{_EVENTS}:rule/default/{{prefix}}-webhook",
    ),
    "events:CancelReplay": ("events:CancelReplay", "*"),
    "events:CreateConnection": (
        "events:CreateConnection",
        f"{_EVENTS}:rule/default/{{prefix}}-webhook",
    ),
    "events:CreateArchive": ("events:CreateArchive", "*"),
    "events:CreateEventBus": ("events:CreateEventBus", f"{_EVENTS}:rule/default/{{prefix}}"),
    "events:DescribeArchive": ("events:DescribeArchive", "*"),
    "events:DescribeEventBus": ("events:DescribeEventBus", f"{_EVENTS}:rule/default/{{prefix}}"),
    "events:DescribeRule": ("events:DescribeRule", f"{_EVENTS}:rule/default/{{prefix}}-*"),
    "events:ListTargetsByRule": ("events:ListTargetsByRule", f"{_EVENTS}:event-bus/*"),
    # It does not know events:source.
    "events:PutEvents": ("events:PutEvents", "*"),
    "events:PutRule": ("events:PutRule", f"{_EVENTS}:rule/default/{{prefix}}-*"),
    "events:PutTargets": ("events:PutTargets", f"{_EVENTS}:event-bus/*"),
    "events:StartReplay": ("events:StartReplay", "*"),
    "kms:CreateAlias": ("kms:CreateAlias", "*"),
    # It does not know kms:ResourceAliases.
    "kms:DescribeKey": ("kms:DescribeKey", "*"),
    "kms:GenerateMac": ("kms:GenerateMac", SAME),
    "kms:DeleteAlias": ("kms:DeleteAlias", "*"),
    "kms:ListAliases": ("kms:ListAliases", "*"),
    "lambda:CreateFunction": ("lambda:CreateFunction", "*"),
    "lambda:GetFunctionConcurrency": ("lambda:PutFunctionConcurrency", SAME),
    "logs:GetQueryResults": ("logs:GetQueryResults", "*"),
    "logs:StartQuery": ("logs:StartQuery", "*"),
    # What the engine reads and writes beside the stack; only a deployer has these actions.
    "ssm:DeleteParameter": ("ssm:GetParametersByPath", "*"),
    "ssm:PutParameter": (
        "ssm:PutParameter",
        "arn:aws:ssm:{region}:{account}:parameter/ministack/*",
    ),
    "sqs:ChangeMessageVisibility": ("sqs:ChangeMessageVisibilityBatch", SAME),
    "sqs:DeleteMessage": ("sqs:DeleteMessageBatch", SAME),
    "sqs:SendMessage": ("sqs:SendMessageBatch", SAME),
}
"""Action and resource of ministack for an action of AWS."""


def for_ministack(statements: Sequence[Statement], place: Place) -> Iterator[Statement]:
    """Yield the statements of a policy, and what ministack needs beside them."""
    yield from statements
    for statement in statements:
        for action, (other, resource) in INSTEAD.items():
            if any(matches(pattern, action) for pattern in statement["Action"]):
                resources = statement["Resource"] if resource == SAME else [place.fill(resource)]
                yield {"Effect": "Allow", "Action": [other], "Resource": resources}
