"""Policies for a stack's options: KMS key, VPC, access logs and CloudTrail. Pure.

As in `policies`, the only ``*`` are deny statements, and resources where IAM has nothing narrower:
a key's own policy names the key as ``*``, and EC2 describes network interfaces of a whole account.
"""

from __future__ import annotations

from collections.abc import Sequence

from components.security.cdn_policies import decrypt
from components.security.policies import Document, Statement, allow, policy

DATA_KEY = ("kms:Decrypt", "kms:GenerateDataKey")
KEY_SERVICES = ("s3", "dynamodb", "kinesis", "sqs")
"""The services through which the functions may use the key."""
_STATE_KEY = ("kms:DescribeKey", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo")
"""Further actions that DynamoDB requires of a table's users.

Source: DynamoDB Developer Guide, "Authorizing use of your AWS KMS key"."""


def key(
    *,
    account: str,
    partition: str,
    bucket_arns: Sequence[str] = (),
    served_bucket_arn: str = "",
) -> Document:
    """Return a key's policy: IAM decides who uses it; rules, alarms and these buckets may send.

    Distributions of the account read `served_bucket_arn`, if there is one.

    The statements for rules and alarms are those of the EventBridge User Guide, "Troubleshooting",
    and of the SNS Developer Guide, "Key management": they have no condition, and with one on the
    source messages might be lost in silence.
    """
    notifications: list[Statement] = [
        {
            "Sid": "AllowBucketsToSend",
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": list(DATA_KEY),
            "Resource": "*",
            "Condition": {"ArnEquals": {"aws:SourceArn": list(bucket_arns)}},
        }
    ]
    served = decrypt(bucket_arn=served_bucket_arn, account=account, partition=partition)
    return policy(
        {
            "Sid": "DelegateToIam",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "AllowRulesAndAlarmsToSend",
            "Effect": "Allow",
            "Principal": {"Service": ["events.amazonaws.com", "cloudwatch.amazonaws.com"]},
            "Action": list(DATA_KEY),
            "Resource": "*",
        },
        *(notifications if bucket_arns else []),
        *([served] if served_bucket_arn else []),
    )


def use_key(
    *, key_arns: Sequence[str], region: str, dns_suffix: str, services: Sequence[str] = KEY_SERVICES
) -> Document:
    """Allow the use of keys through `services`, each of which checks the role's other rights."""
    through = [f"{service}.{region}.{dns_suffix}" for service in services]
    actions = [*DATA_KEY, *(_STATE_KEY if "dynamodb" in services else ())]
    return policy(allow("UseKey", actions, key_arns, {"StringEquals": {"kms:ViaService": through}}))


def attach_to_vpc() -> Document:
    """Allow Lambda to attach a function to a VPC with the function's role.

    These are the actions of AWSLambdaVPCAccessExecutionRole without those for logs (AWS Lambda
    Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC"). EC2 accepts no
    narrower resource for most of them.
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
    """Deny uploads that request another encryption than KMS; without a request, KMS is used."""
    header = "s3:x-amz-server-side-encryption"
    return {
        "Sid": "OwnKeyOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": [f"{bucket_arn}/*"],
        "Condition": {"StringNotEquals": {header: "aws:kms"}, "Null": {header: "false"}},
    }


def accept_access_logs(bucket_arn: str, sources: Sequence[str], account: str) -> Statement:
    """Allow S3 to write the access logs of the `sources` under ``access/``."""
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


def accept_trail(bucket_arn: str, trail_arn: str, account: str) -> list[Statement]:
    """Allow one CloudTrail trail to write under ``AWSLogs/<account>/``."""
    principal = {"Service": "cloudtrail.amazonaws.com"}
    only = {"aws:SourceArn": trail_arn}
    return [
        {
            "Sid": "CheckTrailBucket",
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
