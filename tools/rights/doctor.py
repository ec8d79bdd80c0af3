"""What `ops-dashboard doctor` and the console read besides. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tools.rights.grants import Grant
from tools.rights.names import (
    DIRECTORY,
    HERE,
    INPUT,
    OUTPUT,
    QUEUES,
    SERVING,
    STREAM,
    TABLE,
    TEMP,
)

DOCTOR: Sequence[Grant] = (
    Grant(
        sid="CheckTable",
        commands=("restore", "doctor"),
        actions=(
            "dynamodb:DescribeTable",
            "dynamodb:DescribeTimeToLive",
            "dynamodb:DescribeContinuousBackups",
        ),
        resources=(TABLE,),
    ),
    Grant(
        sid="CheckQueues",
        commands=("restore", "doctor", *SERVING),
        actions=("sqs:GetQueueAttributes",),
        resources=(f"{QUEUES}*",),
    ),
    Grant(
        sid="CheckParts",
        commands=("doctor", *SERVING),
        actions=("ssm:GetParameter",),
        resources=(f"{DIRECTORY}/parts",),
    ),
    Grant(
        sid="CheckStreamAndBus",
        commands=("doctor",),
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
        commands=("doctor",),
        actions=(
            "s3:ListBucket",
            "s3:GetBucketVersioning",
            "s3:GetLifecycleConfiguration",
            "s3:GetBucketNotification",
        ),
        resources=(INPUT, OUTPUT, TEMP),
    ),
    Grant(
        sid="CheckFunctions",
        commands=("doctor",),
        actions=("lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency"),
        resources=(f"arn:aws:lambda:{HERE}:function:{{prefix}}-*",),
    ),
    Grant(
        sid="TryNetwork",
        commands=("doctor",),
        actions=("lambda:InvokeFunction",),
        resources=(f"arn:aws:lambda:{HERE}:function:{{prefix}}-collage",),
        note="only to try its network",
    ),
    Grant(
        sid="CheckAlarms",
        commands=("doctor",),
        actions=("sns:GetTopicAttributes",),
        resources=(f"arn:aws:sns:{HERE}:{{prefix}}-alarms",),
    ),
    Grant(
        sid="ReadMetrics",
        commands=("doctor", *SERVING),
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
)
