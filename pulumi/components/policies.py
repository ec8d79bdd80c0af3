"""IAM and resource policies as data. Pure: names and ARNs in, documents out.

A role's document lists every action it ever needs on every resource it ever touches, and no more.
The only ``*`` are (1) key prefixes inside one bucket, (2) the streams of one log group, and (3) in
*deny* statements, which must cover everybody and every action.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi
from stream_ingest.contracts.table import BATCH_INDEX, DUE_INDEX, STATUS_INDEX

Statement = dict[str, Any]
Document = dict[str, Any]

_FOLD = ("dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
"""What a change of a creator's state takes: TransactWriteItems needs the rights of its writes."""

_TAKE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
"""What a mapping takes of a queue, in its function's name."""
_PACK_ITEMS = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["prefetched#*"]}}
"""The one kind of item that is ever deleted: that of a pack of prefetched covers."""


def document(build: Callable[..., Document], **inputs: pulumi.Input[Any]) -> pulumi.Output[str]:
    """Return a document as JSON once all that it names is known."""
    return pulumi.Output.all(**inputs).apply(lambda known: json.dumps(build(**known)))


def policy(*statements: Statement) -> Document:
    """Return a policy document of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str],
    condition: Mapping[str, Mapping[str, Any]] | None = None,
) -> Statement:
    """Return a statement for a role's policy."""
    statement: Statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": list(resources),
    }
    return statement | ({"Condition": dict(condition)} if condition else {})


def objects(bucket_arn: str, *prefixes: str) -> list[str]:
    """Return the ARNs of all objects under some prefixes of a bucket."""
    return [f"{bucket_arn}/{prefix}/*" for prefix in prefixes]


def _below(*prefixes: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the condition that keeps ListBucket below some prefixes."""
    return {"StringLikeIfExists": {"s3:prefix": [f"{prefix}/*" for prefix in prefixes]}}


def trust(service: str, account: str | None = None) -> Document:
    """Let a service assume the role; only for `account` where the service says for whom."""
    statement: Statement = {
        "Sid": "Assume",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    if account is not None:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account}}
    return policy(statement)


def write_logs(log_group_arn: str) -> Statement:
    """Allow writing to one log group that is there; creating others is not a function's task."""
    return allow(
        "WriteOwnLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"{log_group_arn}:*"]
    )


def windowing(  # noqa: PLR0913 - one argument for each thing the role may touch
    *,
    log_group_arn: str,
    stream_arn: str,
    table_arn: str,
    bus_arn: str,
    output_arn: str,
    temp_arn: str,
    failure_arn: str,
) -> Document:
    """What the windowing function may do.

    Lambda itself writes discarded batches with this role, under ``aws/lambda/``, and asks for
    ListBucket on that bucket (Lambda's developer guide, retaining discarded batch records).
    """
    return policy(
        write_logs(log_group_arn),
        allow(
            "ReadStream",
            [
                "kinesis:DescribeStream",
                "kinesis:DescribeStreamSummary",
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:ListShards",
            ],
            [stream_arn],
        ),
        allow("FoldState", _FOLD, [table_arn]),
        allow("EmitEvents", ["events:PutEvents"], [bus_arn]),
        allow(
            "KeepRefusalsAndOverflow",
            ["s3:PutObject"],
            [*objects(output_arn, "failed"), *objects(temp_arn, "processing")],
        ),
        allow("KeepDiscardedBatches", ["s3:PutObject"], objects(failure_arn, "aws/lambda")),
        allow("FindFailureBucket", ["s3:ListBucket"], [failure_arn]),
    )


def sweeper(  # noqa: PLR0913 - one argument for each thing the role may touch
    *,
    log_group_arn: str,
    table_arn: str,
    bus_arn: str,
    output_arn: str,
    temp_arn: str,
    dead_letter_arn: str,
) -> Document:
    """What the sweeper may do; Lambda reports a failed sweep with this role.

    It reads reports only once a conditional put has told that they are there, so that it need not
    list the bucket.
    """
    indexes = [f"{table_arn}/index/{name}" for name in (BATCH_INDEX, DUE_INDEX, STATUS_INDEX)]
    return policy(
        write_logs(log_group_arn),
        allow("FindDue", ["dynamodb:Query"], indexes),
        allow("MoveState", [*_FOLD, "dynamodb:GetItem"], [table_arn]),
        allow("EmitEvents", ["events:PutEvents"], [bus_arn]),
        allow("KeepOverflow", ["s3:PutObject"], objects(temp_arn, "processing")),
        allow("ReportBatches", ["s3:PutObject", "s3:GetObject"], objects(output_arn, "results")),
        allow("ReportFailedSweeps", ["sqs:SendMessage"], [dead_letter_arn]),
    )


def collage(  # noqa: PLR0913 - one argument for each thing the role may touch
    *,
    log_group_arn: str,
    queue_arn: str,
    table_arn: str,
    bus_arn: str,
    output_arn: str,
    temp_arn: str,
    keep_originals: bool,
) -> Document:
    """What the collage function may do.

    An output is replaced only if it is still the one that was looked at (a conditional put asks
    for GetObject too). ListBucket is what makes S3 answer 404, not 403, for an object that is not
    there yet. It is limited to the prefixes that the function looks at; ``IfExists``, because AWS
    does not document that the prefix is known in that check, which has none in its request, and
    without the 404s no window could be rebuilt. So a listing of all keys, without a prefix, is not
    refused. (Ceph has seen AWS take the object's key for the prefix there, ceph/ceph#68577: whoever
    sees the same on AWS may drop ``IfExists``.)
    """
    prefixes = ("collages", "thumbnails", "metadata")
    images = ("originals", "processing", "prefetched")
    outputs = objects(output_arn, *prefixes)
    kept = [allow("KeepOriginals", ["s3:PutObject"], objects(temp_arn, "originals"))]
    return policy(
        write_logs(log_group_arn),
        allow("TakeWindows", _TAKE, [queue_arn]),
        allow("MoveWindow", ["dynamodb:UpdateItem"], [table_arn]),
        allow("ForgetPacks", ["dynamodb:DeleteItem"], [table_arn], _PACK_ITEMS),
        allow("EmitEvents", ["events:PutEvents"], [bus_arn]),
        allow("PublishOutputs", ["s3:PutObject"], outputs),
        allow("CompareOutputs", ["s3:GetObject"], outputs),
        allow("SeeMissingOutputs", ["s3:ListBucket"], [output_arn], _below(*prefixes)),
        allow("KeepEvidence", ["s3:PutObject"], objects(temp_arn, "debug")),
        allow("ReadImages", ["s3:GetObject"], objects(temp_arn, *images)),
        allow("SeeMissingImages", ["s3:ListBucket"], [temp_arn], _below(*images)),
        allow("RemovePacks", ["s3:DeleteObject"], objects(temp_arn, "prefetched")),
        *(kept if keep_originals else []),
    )


def prefetch(*, log_group_arn: str, queue_arn: str, table_arn: str, temp_arn: str) -> Document:
    """What the prefetch function may do; ListBucket as in `collage`."""
    return policy(
        write_logs(log_group_arn),
        allow("TakeRequests", _TAKE, [queue_arn]),
        allow("NoteCovers", _FOLD, [table_arn]),
        allow("ForgetPacks", ["dynamodb:DeleteItem"], [table_arn], _PACK_ITEMS),
        allow(
            "KeepPacks",
            ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            objects(temp_arn, "prefetched"),
        ),
        allow("SeeMissingPacks", ["s3:ListBucket"], [temp_arn], _below("prefetched")),
    )


def intake(  # noqa: PLR0913 - one argument for each thing the role may touch
    *,
    log_group_arn: str,
    queue_arn: str,
    dead_letter_arn: str,
    stream_arn: str,
    table_arn: str,
    input_arn: str,
    output_arn: str,
    temp_arn: str,
) -> Document:
    """What the intake may do: read files, send their rows, move what people dropped.

    A request may name any file of the input bucket. ListBucket is what makes S3 answer 404, not
    403, for a file that is not there.
    """
    return policy(
        write_logs(log_group_arn),
        allow(
            "TakeMessages",
            [
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ChangeMessageVisibility",
            ],
            [queue_arn],
        ),
        allow("GoOnAndGiveUp", ["sqs:SendMessage"], [queue_arn, dead_letter_arn]),
        allow("SendRows", ["kinesis:PutRecords"], [stream_arn]),
        allow(
            "KeepBatches",
            ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
            [table_arn],
        ),
        allow("ReadFiles", ["s3:GetObject", "s3:GetObjectVersion"], [f"{input_arn}/*"]),
        allow("SeeMissingFiles", ["s3:ListBucket"], [input_arn]),
        allow("ArchiveFiles", ["s3:PutObject"], objects(input_arn, "archived")),
        allow(
            "RemoveArchivedFiles",
            ["s3:DeleteObject", "s3:DeleteObjectVersion"],
            objects(input_arn, "csv-files"),
        ),
        allow("KeepRefusals", ["s3:PutObject"], objects(output_arn, "failed/rows")),
        allow(
            "KeepChunks", ["s3:GetObject", "s3:PutObject"], objects(temp_arn, "processing/intake")
        ),
    )


def scheduler(*, function_arn: str, dead_letter_arn: str) -> Document:
    """What the schedule may do: start one function, and say so where it could not."""
    return policy(
        allow("StartSweep", ["lambda:InvokeFunction"], [function_arn]),
        allow("ReportMissedSweeps", ["sqs:SendMessage"], [dead_letter_arn]),
    )


def deny_plain_http(service: str, resources: Sequence[str]) -> Statement:
    """Refuse every request to a resource that does not come over TLS."""
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": f"{service}:*",
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def bucket(*, bucket_arn: str) -> Document:
    """Return the policy of a bucket: TLS only, for the bucket and all in it."""
    return policy(deny_plain_http("s3", [bucket_arn, f"{bucket_arn}/*"]))


def queue(*, queue_arn: str, rule_arns: Sequence[str]) -> Document:
    """Let these EventBridge rules, and no other, send to a queue, over TLS only."""
    statements = [deny_plain_http("sqs", [queue_arn])]
    if rule_arns:
        statements.append(
            {
                "Sid": "OwnRulesOnly",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": [queue_arn],
                "Condition": {"ArnEquals": {"aws:SourceArn": list(rule_arns)}},
            }
        )
    return policy(*statements)
