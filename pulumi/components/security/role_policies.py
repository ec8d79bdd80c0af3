"""The policy of each role. Pure.

A role's policy lists exactly the actions that it needs, on exactly the resources that it uses: of
the bus, events of its own source; of the table, kinds of items, and for updates the attributes in
`item_writes`. TransactWriteItems needs the rights of its writes. The
only ``*`` are (1) key prefixes inside one bucket, (2) the streams of one log group, and (3) in
*deny* statements, which must cover every principal and action.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.security.policies import (
    Document,
    Statement,
    allow,
    emit,
    items_of,
    objects,
    policy,
    update,
)

from stream_ingest.contracts import item_writes
from stream_ingest.contracts.events import Source
from stream_ingest.contracts.item_writes import Partitions
from stream_ingest.contracts.table import BATCH_INDEX, DUE_INDEX, STATUS_INDEX
from stream_ingest.intake.jobs import CSV_FOLDER

_RECEIVE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
"""Actions of an SQS mapping, which uses its function's role."""
WORK_OFF = (*_RECEIVE, "sqs:ChangeMessageVisibility")
"""The same of a function that decides when a failed message is received again."""
_CREATOR_ITEMS = items_of(Partitions.CREATORS)
_BATCH_ITEMS = items_of(Partitions.BATCHES)
_BATCHES_AND_RUNS = items_of(Partitions.BATCHES, Partitions.RUNS)
_PACK_ITEMS = items_of(Partitions.PACKS)
_DEFERRED_ITEMS = items_of(Partitions.DEFERRED)
_LISTED_ITEMS = items_of(Partitions.DEFERRED, Partitions.UNREADABLE)
"""Rows that wait for a state, and the list of unreadable items. Beside packs, they are the only
items that functions delete."""


def _below(*prefixes: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the condition that limits ListBucket to some prefixes."""
    return {"StringLikeIfExists": {"s3:prefix": [f"{prefix}/*" for prefix in prefixes]}}


def write_logs(log_group_arn: str) -> Statement:
    """Allow writing to one existing log group; functions do not create any."""
    return allow(
        "WriteOwnLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"{log_group_arn}:*"]
    )


def _number_windows(table_arn: str) -> Iterator[Statement]:
    """Yield the rights to find out from where windows are numbered."""
    yield allow("DescribeTable", ["dynamodb:DescribeTable"], [table_arn])
    yield allow(
        "NumberWindows",
        ["dynamodb:GetItem", "dynamodb:PutItem"],
        [table_arn],
        items_of(Partitions.NUMBERING),
    )


def windowing(  # noqa: PLR0913 - one argument for each resource
    *,
    log_group_arn: str,
    stream_arn: str,
    table_arn: str,
    bus_arn: str,
    output_arn: str,
    temp_arn: str,
    failure_arn: str,
) -> Document:
    """Return the rights of the windowing function.

    Lambda writes discarded batches with this role, under ``aws/lambda/``, and requires ListBucket
    on that bucket (AWS Lambda Developer Guide, "Retaining discarded batch records").
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
        allow(
            "FoldState", ["dynamodb:BatchGetItem", "dynamodb:PutItem"], [table_arn], _CREATOR_ITEMS
        ),
        *_number_windows(table_arn),
        update("QueueWindows", table_arn, item_writes.QUEUED_WINDOWS),
        update("CountRows", table_arn, item_writes.FOLDED_BATCHES),
        allow(
            "DeferRows",
            ["dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"],
            [table_arn],
            _DEFERRED_ITEMS,
        ),
        update("MarkStates", table_arn, item_writes.MARKED_STATES),
        emit(bus_arn, Source.WINDOWING),
        allow(
            "StoreRefusalsAndOverflow",
            ["s3:PutObject"],
            [*objects(output_arn, "failed"), *objects(temp_arn, "processing")],
        ),
        allow("RemoveAttempts", ["s3:DeleteObject"], objects(temp_arn, "processing/attempts")),
        allow("StoreDiscardedBatches", ["s3:PutObject"], objects(failure_arn, "aws/lambda")),
        allow("ListFailureBucket", ["s3:ListBucket"], [failure_arn]),
    )


def sweeper(  # noqa: PLR0913 - one argument for each resource
    *,
    log_group_arn: str,
    table_arn: str,
    bus_arn: str,
    input_arn: str,
    intake_queue_arn: str,
    output_arn: str,
    temp_arn: str,
    dead_letter_arn: str,
) -> Document:
    """Return the rights of the sweeper; Lambda reports a failed sweep with this role.

    It reads a report only after a conditional put has shown that it exists, so that it needs
    ListBucket for discarded deliveries alone.
    """
    indexes = [f"{table_arn}/index/{name}" for name in (BATCH_INDEX, DUE_INDEX, STATUS_INDEX)]
    return policy(
        write_logs(log_group_arn),
        allow("FindDue", ["dynamodb:Query"], indexes),
        allow("ReadState", ["dynamodb:BatchGetItem", "dynamodb:GetItem"], [table_arn]),
        *_number_windows(table_arn),
        allow("FoldState", ["dynamodb:PutItem"], [table_arn], _CREATOR_ITEMS),
        update("MoveWindows", table_arn, item_writes.SWEPT_WINDOWS),
        update("MoveBatches", table_arn, item_writes.SWEPT_BATCHES),
        update("ListUnreadable", table_arn, item_writes.UNREADABLE_ITEMS),
        allow(
            "RecheckUnreadable",
            ["dynamodb:Query", "dynamodb:DeleteItem"],
            [table_arn],
            _LISTED_ITEMS,
        ),
        allow(
            "FindFiles",
            ["s3:ListBucketVersions"],
            [input_arn],
            {"StringLike": {"s3:prefix": [f"{CSV_FOLDER}*"]}},
        ),
        allow(
            "CountDiscarded",
            ["s3:ListBucket"],
            [output_arn, temp_arn],
            {"StringLike": {"s3:prefix": ["aws/lambda/*"]}},
        ),
        allow("CreateJobs", ["dynamodb:PutItem"], [table_arn], _BATCH_ITEMS),
        allow("StartJobs", ["sqs:SendMessage"], [intake_queue_arn]),
        emit(bus_arn, Source.SWEEPER),
        allow("StoreOverflow", ["s3:PutObject"], objects(temp_arn, "processing")),
        allow("ReportBatches", ["s3:PutObject", "s3:GetObject"], objects(output_arn, "results")),
        allow("ReportFailedSweeps", ["sqs:SendMessage"], [dead_letter_arn]),
    )


def collage(  # noqa: PLR0913 - one argument for each resource
    *,
    log_group_arn: str,
    queue_arn: str,
    table_arn: str,
    bus_arn: str,
    output_arn: str,
    temp_arn: str,
    keep_originals: bool,
    content_dedup: bool,
) -> Document:
    """Return the rights of the collage function.

    An output is replaced only if it has not changed since it was read (a conditional put requires
    GetObject too). With ListBucket, S3 answers 404, not 403, for a missing object. It is limited to
    the prefixes that the function reads. The condition is ``IfExists``, because AWS does not
    document that the prefix is known in that check, whose request has none, and without the 404s no
    window could be rebuilt. So a listing of all keys, without a prefix, is not denied. (Ceph
    observed that AWS takes the object's key as the prefix, ceph/ceph#68577. If you observe the same
    on AWS, remove ``IfExists``.)
    """
    prefixes = ("collages", "thumbnails", "metadata")
    images = ("originals", "processing", "prefetched")
    outputs = objects(output_arn, *prefixes)
    originals = [allow("StoreOriginals", ["s3:PutObject"], objects(temp_arn, "originals"))]
    return policy(
        write_logs(log_group_arn),
        allow("ReceiveWindows", WORK_OFF, [queue_arn]),
        update("MoveWindows", table_arn, item_writes.BUILT_WINDOWS),
        update("CheckErasures", table_arn, item_writes.ERASURES, "ConditionCheckItem"),
        update("CountRepeats", table_arn, item_writes.REPEATED_CONTENTS),
        *(
            [update("RememberContents", table_arn, item_writes.SHOWN_CONTENTS)]
            if content_dedup
            else []
        ),
        update("ReleasePacks", table_arn, item_writes.RELEASED_PACKS),
        allow("ReadSources", ["dynamodb:GetItem"], [table_arn], _BATCHES_AND_RUNS),
        allow("DeletePackItems", ["dynamodb:DeleteItem"], [table_arn], _PACK_ITEMS),
        emit(bus_arn, Source.COLLAGE),
        allow("PublishOutputs", ["s3:PutObject"], outputs),
        allow("CompareOutputs", ["s3:GetObject"], outputs),
        allow("DetectMissingOutputs", ["s3:ListBucket"], [output_arn], _below(*prefixes)),
        allow("StoreDebugImages", ["s3:PutObject"], objects(temp_arn, "debug")),
        allow("ReadImages", ["s3:GetObject"], objects(temp_arn, *images)),
        allow("DetectMissingImages", ["s3:ListBucket"], [temp_arn], _below(*images)),
        allow("DeletePacks", ["s3:DeleteObject"], objects(temp_arn, "prefetched")),
        *(originals if keep_originals else []),
    )


def prefetch(*, log_group_arn: str, queue_arn: str, table_arn: str, temp_arn: str) -> Document:
    """Return the rights of the prefetch function; for ListBucket see `collage`."""
    return policy(
        write_logs(log_group_arn),
        allow("ReceiveRequests", WORK_OFF, [queue_arn]),
        allow(
            "RecordCovers",
            ["dynamodb:BatchGetItem", "dynamodb:PutItem"],
            [table_arn],
            _CREATOR_ITEMS,
        ),
        allow("StorePackItems", ["dynamodb:PutItem"], [table_arn], _PACK_ITEMS),
        update("ReleasePacks", table_arn, item_writes.RELEASED_PACKS),
        allow("DeletePackItems", ["dynamodb:DeleteItem"], [table_arn], _PACK_ITEMS),
        allow(
            "StorePacks",
            ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            objects(temp_arn, "prefetched"),
        ),
        allow("DetectMissingPacks", ["s3:ListBucket"], [temp_arn], _below("prefetched")),
    )


def intake(  # noqa: PLR0913 - one argument for each resource
    *,
    log_group_arn: str,
    queue_arn: str,
    dead_letter_arn: str,
    stream_arn: str,
    table_arn: str,
    input_arn: str,
    other_input_arns: Sequence[str],
    output_arn: str,
    temp_arn: str,
) -> Document:
    """Return the rights of the intake: read files, send their rows, archive dropped files.

    A request may name any file of the input bucket, and of others that the stack allows. With
    ListBucket, S3 answers 404, not 403, for a missing file.
    """
    readable = [input_arn, *other_input_arns]
    return policy(
        write_logs(log_group_arn),
        allow("ReceiveMessages", WORK_OFF, [queue_arn]),
        allow("ContinueAndDeadLetter", ["sqs:SendMessage"], [queue_arn, dead_letter_arn]),
        allow("SendRows", ["kinesis:PutRecords"], [stream_arn]),
        allow("StoreBatches", ["dynamodb:GetItem", "dynamodb:PutItem"], [table_arn], _BATCH_ITEMS),
        update("RecordProgress", table_arn, item_writes.SENT_BATCHES),
        allow(
            "ReadFiles", ["s3:GetObject", "s3:GetObjectVersion"], [f"{arn}/*" for arn in readable]
        ),
        allow("DetectMissingFiles", ["s3:ListBucket"], readable),
        allow("ArchiveFiles", ["s3:PutObject"], objects(input_arn, "archived")),
        allow(
            "RemoveArchivedFiles",
            ["s3:DeleteObject", "s3:DeleteObjectVersion"],
            objects(input_arn, "csv-files"),
        ),
        allow("StoreRefusals", ["s3:PutObject"], objects(output_arn, "failed/rows")),
        allow(
            "StoreChunks", ["s3:GetObject", "s3:PutObject"], objects(temp_arn, "processing/intake")
        ),
    )


def scheduler(*, function_arn: str, dead_letter_arn: str | None = None) -> Document:
    """Return the rights of a schedule: invoke one function, report a failed invocation."""
    start = allow("StartSweep", ["lambda:InvokeFunction"], [function_arn])
    if dead_letter_arn is None:
        return policy(start)
    return policy(start, allow("ReportMissedSweeps", ["sqs:SendMessage"], [dead_letter_arn]))
