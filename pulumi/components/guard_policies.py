"""Policies that only the options of a stack need: a key of its own, a VPC, logs. Pure.

As in `policies`, the only ``*`` are deny statements, and resources where IAM has nothing narrower:
a key's own policy names the key as ``*``, and EC2 describes network interfaces of a whole account.
"""

from __future__ import annotations

from collections.abc import Sequence

from components.policies import Document, Statement, allow, policy

DATA_KEY = ("kms:Decrypt", "kms:GenerateDataKey")
THROUGH = ("s3", "dynamodb", "kinesis", "sqs")
"""Services by way of which the functions use the key, and in no other way."""
_STATE_KEY = ("kms:DescribeKey", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo")
"""What DynamoDB asks of a table's users besides (its guide, authorizing use of your KMS key)."""


def key(*, account: str) -> Document:
    """Return a key's policy: IAM decides who uses it; EventBridge may write to encrypted queues."""
    return policy(
        {
            "Sid": "LetIamDecide",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "LetRulesSendToQueues",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": list(DATA_KEY),
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
        },
    )


def use_key(*, key_arn: str, region: str, services: Sequence[str] = THROUGH) -> Document:
    """Let a role use a key by way of some services, each of which checks its other rights first."""
    through = [f"{service}.{region}.amazonaws.com" for service in services]
    actions = [*DATA_KEY, *(_STATE_KEY if "dynamodb" in services else ())]
    return policy(
        allow("UseKey", actions, [key_arn], {"StringEquals": {"kms:ViaService": through}})
    )


def attach_to_vpc() -> Document:
    """Let Lambda put a function into a VPC by the function's role (Lambda's guide, VPC).

    The actions of AWSLambdaVPCAccessExecutionRole, without its log rights. EC2 takes no narrower
    resource for most of them.
    """
    return policy(
        allow(
            "AttachToVpc",
            [
                "ec2:AssignPrivateIpAddresses",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets",
                "ec2:UnassignPrivateIpAddresses",
            ],
            ["*"],
        )
    )


def refuse_other_encryption(bucket_arn: str) -> Statement:
    """Refuse an upload that asks for any encryption but KMS; asking for none gets the default."""
    header = "s3:x-amz-server-side-encryption"
    return {
        "Sid": "OwnKeyOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": [f"{bucket_arn}/*"],
        "Condition": {"StringNotEquals": {header: "aws:kms"}, "Null": {header: "false"}},
    }


def take_access_logs(bucket_arn: str, sources: Sequence[str], account: str) -> Statement:
    """Let S3 write the access logs of some buckets under ``access/``."""
    return {
        "Sid": "AccessLogs",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": [f"{bucket_arn}/access/*"],
        "Condition": {
            "ArnLike": {"aws:SourceArn": list(sources)},
            "StringEquals": {"aws:SourceAccount": account},
        },
    }


def take_trail(bucket_arn: str, trail_arn: str, account: str) -> list[Statement]:
    """Let one trail of CloudTrail write under ``AWSLogs/<account>/``."""
    principal = {"Service": "cloudtrail.amazonaws.com"}
    only = {"aws:SourceArn": trail_arn}
    return [
        {
            "Sid": "FindTrailBucket",
            "Effect": "Allow",
            "Principal": principal,
            "Action": "s3:GetBucketAcl",
            "Resource": [bucket_arn],
            "Condition": {"StringEquals": only},
        },
        {
            "Sid": "Trail",
            "Effect": "Allow",
            "Principal": principal,
            "Action": "s3:PutObject",
            "Resource": [f"{bucket_arn}/AWSLogs/{account}/*"],
            "Condition": {"StringEquals": only | {"s3:x-amz-acl": "bucket-owner-full-control"}},
        },
    ]
