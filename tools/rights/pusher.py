"""What a program may do that sends rows, files and requests. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tools.rights.grants import Grant
from tools.rights.names import (
    ANY,
    DIRECTORY,
    INDEXES,
    INPUT,
    OUTPUT,
    PUSHING,
    QUEUES,
    REDRIVING,
    SERVING,
    STREAM,
    TABLE,
)

FIND_STACK = Grant(
    sid="FindStack", commands=ANY, actions=("ssm:GetParameter",), resources=(DIRECTORY,)
)
SEND_ROWS = Grant(
    sid="SendRows",
    commands=(*PUSHING, "abandon", *REDRIVING, "smoke", *SERVING),
    actions=("kinesis:PutRecords",),
    resources=(STREAM,),
)

PUSHER: Sequence[Grant] = (
    FIND_STACK,
    SEND_ROWS,
    Grant(
        sid="RecordBatches",
        commands=(*PUSHING, "abandon", "submit"),
        actions=("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
        resources=(TABLE,),
    ),
    Grant(
        sid="FollowBatches",
        commands=(*PUSHING, "abandon", "submit"),
        actions=("dynamodb:Query",),
        resources=(TABLE, INDEXES),
        note="with `--wait` or `--since last_push`",
    ),
    Grant(
        sid="KeepRefusedRows",
        commands=PUSHING,
        actions=("s3:PutObject",),
        resources=(f"{OUTPUT}/failed/rows/*",),
        note="if rows are refused",
    ),
    Grant(
        sid="CountRows",
        commands=("follow",),
        actions=("cloudwatch:PutMetricData",),
        resources=("*",),
        condition={"StringEquals": {"cloudwatch:namespace": ("Coverstream/{stack}",)}},
    ),
    Grant(
        sid="DropFiles",
        commands=("submit",),
        actions=("s3:PutObject",),
        resources=(f"{INPUT}/csv-files/*", f"{INPUT}/manual-uploads/*"),
        note="of a local file; also to drop a file by other means",
    ),
    Grant(
        sid="CheckFiles",
        commands=("submit",),
        actions=("s3:GetObject",),
        resources=(f"{INPUT}/*",),
        note="of a file that is in the input bucket already; likewise for `allowedInputBuckets`",
    ),
    Grant(
        sid="SendRequests",
        commands=("submit",),
        actions=("sqs:SendMessage",),
        resources=(f"{QUEUES}intake",),
    ),
)
