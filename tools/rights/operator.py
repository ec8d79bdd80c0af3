"""What whoever operates a stack may do. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from stream_ingest.contracts.events import REDRIVE_SOURCE
from tools.rights.doctor import DOCTOR
from tools.rights.grants import Grant
from tools.rights.names import (
    DEAD_LETTERS,
    FETCHING,
    HERE,
    INDEXES,
    INPUT,
    LISTING,
    OUTPUT,
    QUEUES,
    READING,
    REDRIVING,
    RENDITIONS,
    SERVING,
    TABLE,
    TEMP,
    UPLOADS,
)
from tools.rights.photos import OPERATOR_OF_PHOTOS
from tools.rights.pusher import FIND_STACK, SEND_ROWS

OPERATOR: Sequence[Grant] = (
    FIND_STACK,
    Grant(
        sid="ReadTable",
        commands=(*READING, *SERVING),
        actions=("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"),
        resources=(TABLE, INDEXES),
    ),
    Grant(
        sid="ReadFiles",
        commands=FETCHING,
        actions=("s3:GetObject",),
        resources=(f"{OUTPUT}/*", f"{TEMP}/*"),
    ),
    Grant(
        sid="ListFiles",
        commands=(*FETCHING, "doctor"),  # without it, S3 denies an object that is missing
        actions=("s3:ListBucket",),
        resources=(OUTPUT, TEMP),
    ),
    Grant(
        sid="SearchLogs",
        commands=("trace", *SERVING),
        actions=("logs:StartQuery", "logs:GetQueryResults"),
        resources=(f"arn:aws:logs:{HERE}:log-group:/aws/lambda/{{prefix}}-*",),
    ),
    Grant(
        sid="ReadDeadLetters",
        commands=(*LISTING, "erase", "trace", *SERVING),
        actions=("sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"),
        resources=(DEAD_LETTERS,),
        note="`trace` only those of photos; their number: `CheckQueues`",
    ),
    Grant(
        sid="RemoveDeadLetters",
        commands=(*REDRIVING, "erase", *SERVING),
        actions=("sqs:DeleteMessage",),
        resources=(DEAD_LETTERS,),
    ),
    Grant(
        sid="SendMessages",
        commands=("smoke", *REDRIVING, "replay", "retry", *SERVING),
        actions=("sqs:SendMessage",),
        resources=tuple(
            f"{QUEUES}{queue}" for queue in ("collage", "prefetch", "intake", "photos")
        ),
    ),
    Grant(
        sid="NotifyAgain",
        commands=("dlq redrive", *SERVING),
        actions=("events:PutEvents",),
        resources=(
            f"arn:aws:events:{HERE}:event-bus/{{prefix}}",
            f"arn:aws:events:{HERE}:event-bus/default",
        ),
        condition={"StringEquals": {"events:source": (REDRIVE_SOURCE,)}},
        note="of notifications",
    ),
    SEND_ROWS,
    Grant(
        sid="ChangeItems",
        commands=("smoke", *REDRIVING, "erase", "repair", "restore", "replay", "retry", *SERVING),
        actions=("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
        resources=(TABLE,),
        note="with `--yes`; `replay` and `retry` put their run only",
    ),
    Grant(
        sid="RemoveFailedRecords",
        commands=(*REDRIVING, *SERVING),
        actions=("s3:DeleteObject",),
        resources=tuple(
            f"{bucket}/{prefix}/*"
            for bucket in (OUTPUT, TEMP)
            for prefix in ("failed/records", "aws/lambda")
        ),
    ),
    Grant(
        sid="KeepCopies",
        commands=(*REDRIVING, "repair", *SERVING),
        actions=("s3:PutObject",),
        resources=(f"{OUTPUT}/failed/*",),
    ),
    Grant(
        sid="StartReplays",
        commands=("replay", *SERVING),
        actions=("events:StartReplay", "events:CancelReplay"),
        resources=(
            f"arn:aws:events:{HERE}:archive/{{prefix}}-windows",
            f"arn:aws:events:{HERE}:event-bus/{{prefix}}",
            f"arn:aws:events:{HERE}:replay/*",
        ),
        note="of a time range",
    ),
    Grant(
        sid="WriteImageLists",
        commands=("replay", "retry", *SERVING),
        actions=("s3:PutObject",),
        resources=(f"{TEMP}/processing/windows/*",),
        note="of creators and windows",
    ),
    Grant(
        sid="ListNames",
        commands=("creators", "erase", *SERVING),
        actions=("dynamodb:Scan",),
        resources=(INDEXES,),
    ),
    Grant(
        sid="EraseFiles",
        commands=("erase", "smoke"),
        actions=(
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:PutObject",
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
        ),
        resources=tuple(f"{bucket}/*" for bucket in (OUTPUT, TEMP, INPUT)),
        note="in the input bucket only with `--input-files`",
    ),
    Grant(
        sid="ListVersions",
        commands=("erase", "smoke", "doctor", "trace"),
        actions=("s3:ListBucket", "s3:ListBucketVersions"),
        resources=(OUTPUT, TEMP, INPUT, UPLOADS, RENDITIONS),
        note="`erase` and `smoke` only the first three; `trace` with photos",
    ),
    *OPERATOR_OF_PHOTOS,
    *DOCTOR,
)
