"""What `ops-dashboard doctor` and the console read besides. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tools.rights.grants import Grant
from tools.rights.names import (
    CHECKING,
    DIRECTORY,
    HERE,
    INPUT,
    KEYS,
    LISTING,
    OUTPUT,
    PHOTOS,
    QUEUES,
    RENDITIONS,
    SERVING,
    STREAM,
    TABLE,
    TEMP,
    UPLOADS,
)

DOCTOR: Sequence[Grant] = (
    Grant(
        sid="CheckTable",
        commands=("erase", "restore", *CHECKING),
        actions=(
            "dynamodb:DescribeTable",
            "dynamodb:DescribeTimeToLive",
            "dynamodb:DescribeContinuousBackups",
        ),
        resources=(TABLE, PHOTOS),
    ),
    Grant(
        sid="CheckQueues",
        commands=(*LISTING, "status", "trace", "erase", "restore", *CHECKING, *SERVING),
        actions=("sqs:GetQueueAttributes",),
        resources=(f"{QUEUES}*",),
    ),
    Grant(
        sid="CheckParts",
        commands=(*CHECKING, *SERVING),
        actions=("ssm:GetParameter",),
        resources=(f"{DIRECTORY}/parts",),
    ),
    Grant(
        sid="CheckStreamAndBus",
        commands=CHECKING,
        actions=(
            "kinesis:DescribeStreamSummary",
            "events:DescribeEventBus",
            "events:DescribeRule",
            "events:ListTargetsByRule",
            "events:DescribeArchive",
            "scheduler:GetSchedule",
        ),
        resources=(
            STREAM,
            f"arn:aws:events:{HERE}:event-bus/{{prefix}}",
            f"arn:aws:events:{HERE}:rule/{{prefix}}/*",
            f"arn:aws:events:{HERE}:rule/{{prefix}}-*",
            f"arn:aws:events:{HERE}:archive/{{prefix}}-windows",
            f"arn:aws:scheduler:{HERE}:schedule/default/{{prefix}}-*",
        ),
    ),
    Grant(
        sid="CheckBuckets",
        commands=CHECKING,
        actions=(
            "s3:GetBucketVersioning",
            "s3:GetLifecycleConfiguration",
            "s3:GetBucketNotification",
            "s3:GetBucketCORS",
        ),
        resources=(INPUT, OUTPUT, TEMP, UPLOADS, RENDITIONS),
    ),
    Grant(
        sid="CheckKeys",
        commands=CHECKING,
        actions=("kms:DescribeKey",),
        resources=(KEYS,),
        condition={
            "ForAnyValue:StringEquals": {
                "kms:ResourceAliases": ("alias/{prefix}", "alias/{prefix}-upload-links")
            }
        },
        note="`kmsKey`, `photosUploadLinks`",
    ),
    Grant(
        sid="CheckCdn",
        commands=CHECKING,
        actions=("cloudfront:GetDistribution", "s3:GetBucketPolicy"),
        resources=("arn:aws:cloudfront::{account}:distribution/*", RENDITIONS),
        note="`photosCdn`",
    ),
    Grant(
        sid="CheckFunctions",
        commands=CHECKING,
        actions=(
            "lambda:GetFunctionConfiguration",
            "lambda:GetFunctionConcurrency",
            "lambda:GetFunctionUrlConfig",
        ),
        resources=(f"arn:aws:lambda:{HERE}:function:{{prefix}}-*",),
    ),
    Grant(
        sid="TryNetwork",
        commands=CHECKING,
        actions=("lambda:InvokeFunction",),
        resources=(f"arn:aws:lambda:{HERE}:function:{{prefix}}-collage",),
        note="only to try its network",
    ),
    Grant(
        sid="CheckAlarms",
        commands=CHECKING,
        actions=("sns:ListSubscriptionsByTopic",),
        resources=(
            f"arn:aws:sns:{HERE}:{{prefix}}-alarms",
            f"arn:aws:sns:{HERE}:{{prefix}}-notices",
        ),
    ),
    Grant(
        sid="ReadMetrics",
        commands=(*CHECKING, *SERVING),
        actions=(
            "cloudwatch:DescribeAlarms",
            "cloudwatch:GetMetricData",
            "lambda:ListEventSourceMappings",
            "lambda:GetAccountSettings",
            "logs:DescribeLogGroups",
        ),
        resources=("*",),
        note="AWS has no narrower resource",
    ),
    Grant(
        sid="ReadDashboard",
        commands=SERVING,
        actions=("cloudwatch:GetDashboard",),
        resources=("arn:aws:cloudwatch::{account}:dashboard/{prefix}",),
    ),
    Grant(
        sid="ReadLogs",
        commands=("smoke",),
        actions=("logs:FilterLogEvents",),
        resources=(f"arn:aws:logs:{HERE}:log-group:/aws/lambda/{{prefix}}-*",),
        note="to find the cause of a failure",
    ),
)
