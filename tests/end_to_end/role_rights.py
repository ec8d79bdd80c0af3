"""Every right of every role, and the use that shows what it is for.

A new right needs a use here. What the embedded AWS cannot show is in `unenforced_rights`.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.end_to_end.deferred_uses import deferred
from tests.end_to_end.iam_stack import CallResult
from tests.end_to_end.role_uses import Uses

Use = Callable[[Uses], CallResult]
Key = tuple[str, str, str, str]
"""Role, statement, action, and the resource in short."""


def _uses(role: str, sid: str, place: str, **uses: Use) -> dict[Key, Use]:
    """Return entries for one statement; an action is written ``service__Action``."""
    return {(role, sid, action.replace("__", ":"), place): use for action, use in uses.items()}


def _logs(role: str) -> dict[Key, Use]:
    return _uses(
        role,
        "WriteOwnLogs",
        f"log-group:/aws/lambda/{role}:*",
        logs__CreateLogStream=lambda uses: uses.create_log_stream(role),
        logs__PutLogEvents=lambda uses: uses.put_log_events(role),
    )


_REFUSALS = "StoreRefusalsAndOverflow"
_LISTED = {role: deferred(role, "update_item") for role in ("windowing", "sweeper")}
USES: dict[Key, Use] = {
    **_logs("windowing"),
    **_uses(
        "windowing",
        "ReadStream",
        "stream/rows",
        kinesis__DescribeStream=Uses.describe_stream,
        kinesis__DescribeStreamSummary=Uses.summarize_stream,
        kinesis__GetRecords=Uses.read_shard,
        kinesis__GetShardIterator=Uses.seek_in_shard,
        kinesis__ListShards=Uses.list_shards,
    ),
    **_uses(
        "windowing",
        "FoldState",
        "table/state",
        dynamodb__BatchGetItem=Uses.fold_a_row,
        dynamodb__PutItem=Uses.fold_a_row,
    ),
    **_uses(
        "windowing",
        "DescribeTable",
        "table/state",
        dynamodb__DescribeTable=Uses.describe_table_as_windowing,
    ),
    **_uses(
        "windowing",
        "NumberWindows",
        "table/state",
        dynamodb__GetItem=Uses.read_numbering,
        dynamodb__PutItem=Uses.fold_a_row,
    ),
    **_uses("windowing", "QueueWindows", "table/state", dynamodb__UpdateItem=Uses.fold_a_window),
    **_uses(
        "windowing",
        "DeferRows",
        "table/state",
        dynamodb__Query=deferred("windowing", "query"),
        dynamodb__PutItem=deferred("windowing", "put_item"),
        dynamodb__DeleteItem=deferred("windowing", "delete_item"),
    ),
    **_uses("windowing", "MarkStates", "table/state", dynamodb__UpdateItem=_LISTED["windowing"]),
    **_uses("windowing", "CountRows", "table/state", dynamodb__UpdateItem=Uses.fold_an_end),
    **_uses("windowing", "EmitEvents", "event-bus/bus", events__PutEvents=Uses.fold_a_window),
    **_uses("windowing", _REFUSALS, "output/failed/*", s3__PutObject=Uses.fold_poison),
    **_uses("windowing", _REFUSALS, "temp/processing/*", s3__PutObject=Uses.fold_a_long_window),
    **_uses(
        "windowing",
        "StoreDiscardedBatches",
        "output/aws/lambda/*",
        s3__PutObject=Uses.store_discarded_batch,
    ),
    **_uses("windowing", "ListFailureBucket", "output", s3__ListBucket=Uses.find_failure_bucket),
    **_logs("sweeper"),
    **_uses("sweeper", "FindDue", "table/state/index/due-index", dynamodb__Query=Uses.sweep),
    **_uses(
        "sweeper", "FindDue", "table/state/index/status-date-index", dynamodb__Query=Uses.sweep
    ),
    **_uses(
        "sweeper",
        "FindDue",
        "table/state/index/batch-id-index",
        dynamodb__Query=Uses.flush_a_batch,
    ),
    **_uses(
        "sweeper",
        "ReadState",
        "table/state",
        dynamodb__BatchGetItem=Uses.flush_a_batch,
        dynamodb__GetItem=Uses.flush_a_batch,
    ),
    **_uses(
        "sweeper",
        "DescribeTable",
        "table/state",
        dynamodb__DescribeTable=Uses.describe_table_as_sweeper,
    ),
    **_uses(
        "sweeper",
        "NumberWindows",
        "table/state",
        dynamodb__GetItem=Uses.flush_a_batch,
        dynamodb__PutItem=Uses.flush_a_batch,
    ),
    **_uses(
        "sweeper",
        "RecheckUnreadable",
        "table/state",
        dynamodb__Query=deferred("sweeper", "query"),
        dynamodb__DeleteItem=deferred("sweeper", "delete_item"),
    ),
    **_uses("sweeper", "ListUnreadable", "table/state", dynamodb__UpdateItem=_LISTED["sweeper"]),
    **_uses("sweeper", "FoldState", "table/state", dynamodb__PutItem=Uses.flush_a_batch),
    **_uses("sweeper", "MoveWindows", "table/state", dynamodb__UpdateItem=Uses.flush_a_batch),
    **_uses("sweeper", "MoveBatches", "table/state", dynamodb__UpdateItem=Uses.flush_a_batch),
    **_uses("sweeper", "EmitEvents", "event-bus/bus", events__PutEvents=Uses.flush_a_batch),
    **_uses(
        "sweeper", "StoreOverflow", "temp/processing/*", s3__PutObject=Uses.flush_a_long_window
    ),
    **_uses(
        "sweeper",
        "ReportBatches",
        "output/results/*",
        s3__PutObject=Uses.end_a_batch,
        s3__GetObject=Uses.end_a_batch,
    ),
    **_uses(
        "sweeper",
        "ReportFailedSweeps",
        "sweeper-dead-letters",
        sqs__SendMessage=Uses.report_failed_sweep,
    ),
    **_logs("collage"),
    **_uses(
        "collage",
        "ReceiveWindows",
        "collage",
        sqs__ReceiveMessage=Uses.receive_windows,
        sqs__DeleteMessage=Uses.delete_window,
        sqs__GetQueueAttributes=Uses.inspect_queue,
        sqs__ChangeMessageVisibility=Uses.retry_window_soon,
    ),
    **_uses("collage", "MoveWindows", "table/state", dynamodb__UpdateItem=Uses.build),
    **_uses("collage", "CheckErasures", "table/state", dynamodb__ConditionCheckItem=Uses.build),
    **_uses("collage", "CountRepeats", "table/state", dynamodb__UpdateItem=Uses.build_repeats),
    **_uses(
        "collage",
        "ReleasePacks",
        "table/state",
        dynamodb__UpdateItem=Uses.build_with_prefetched_covers,
    ),
    **_uses("collage", "ReadSources", "table/state", dynamodb__GetItem=Uses.build),
    **_uses("collage", "EmitEvents", "event-bus/bus", events__PutEvents=Uses.build),
    **_uses("collage", "PublishOutputs", "output/collages/*", s3__PutObject=Uses.build),
    **_uses("collage", "PublishOutputs", "output/thumbnails/*", s3__PutObject=Uses.build),
    **_uses("collage", "PublishOutputs", "output/metadata/*", s3__PutObject=Uses.build),
    **_uses("collage", "CompareOutputs", "output/collages/*", s3__GetObject=Uses.rebuild),
    **_uses("collage", "CompareOutputs", "output/thumbnails/*", s3__GetObject=Uses.rebuild),
    **_uses("collage", "CompareOutputs", "output/metadata/*", s3__GetObject=Uses.rebuild),
    **_uses("collage", "DetectMissingOutputs", "output", s3__ListBucket=Uses.rebuild_gone),
    **_uses("collage", "ReadImages", "temp/originals/*", s3__GetObject=Uses.rebuild),
    **_uses("collage", "ReadImages", "temp/processing/*", s3__GetObject=Uses.build_a_long_window),
    **_uses("collage", "DetectMissingImages", "temp", s3__ListBucket=Uses.rebuild_gone),
    **_uses("collage", "StoreDebugImages", "temp/debug/*", s3__PutObject=Uses.build_in_debug),
    **_uses("collage", "StoreOriginals", "temp/originals/*", s3__PutObject=Uses.build),
    **_uses(
        "collage",
        "DeletePackItems",
        "table/state",
        dynamodb__DeleteItem=Uses.build_with_prefetched_covers,
    ),
    **_uses(
        "collage",
        "ReadImages",
        "temp/prefetched/*",
        s3__GetObject=Uses.build_with_prefetched_covers,
    ),
    **_uses(
        "collage",
        "DeletePacks",
        "temp/prefetched/*",
        s3__DeleteObject=Uses.build_with_prefetched_covers,
    ),
    **_logs("prefetch"),
    **_uses(
        "prefetch",
        "ReceiveRequests",
        "prefetch",
        sqs__ReceiveMessage=Uses.receive_prefetch_requests,
        sqs__DeleteMessage=Uses.delete_prefetch_request,
        sqs__GetQueueAttributes=Uses.inspect_prefetch_queue,
        sqs__ChangeMessageVisibility=Uses.retry_prefetch_soon,
    ),
    **_uses(
        "prefetch",
        "RecordCovers",
        "table/state",
        dynamodb__BatchGetItem=Uses.prefetch_covers,
        dynamodb__PutItem=Uses.prefetch_covers,
    ),
    **_uses("prefetch", "StorePackItems", "table/state", dynamodb__PutItem=Uses.prefetch_covers),
    **_uses(
        "prefetch", "ReleasePacks", "table/state", dynamodb__UpdateItem=Uses.prefetch_without_need
    ),
    **_uses(
        "prefetch",
        "DeletePackItems",
        "table/state",
        dynamodb__DeleteItem=Uses.prefetch_without_need,
    ),
    **_uses(
        "prefetch",
        "StorePacks",
        "temp/prefetched/*",
        s3__GetObject=Uses.prefetch_without_need,
        s3__PutObject=Uses.prefetch_covers,
        s3__DeleteObject=Uses.prefetch_without_need,
    ),
    **_uses("prefetch", "DetectMissingPacks", "temp", s3__ListBucket=Uses.prefetch_covers),
    **_logs("intake"),
    **_uses(
        "intake",
        "ReceiveMessages",
        "intake",
        sqs__ReceiveMessage=Uses.receive_requests,
        sqs__DeleteMessage=Uses.delete_request,
        sqs__GetQueueAttributes=Uses.inspect_request_queue,
        sqs__ChangeMessageVisibility=Uses.retry_request_soon,
    ),
    **_uses("intake", "ContinueAndDeadLetter", "intake", sqs__SendMessage=Uses.continue_later),
    **_uses(
        "intake", "ContinueAndDeadLetter", "intake-dead-letters", sqs__SendMessage=Uses.dead_letter
    ),
    **_uses("intake", "SendRows", "stream/rows", kinesis__PutRecords=Uses.take_in),
    **_uses(
        "intake",
        "StoreBatches",
        "table/state",
        dynamodb__GetItem=Uses.take_in_again,
        dynamodb__PutItem=Uses.take_in,
    ),
    **_uses("intake", "RecordProgress", "table/state", dynamodb__UpdateItem=Uses.take_in),
    **_uses(
        "intake",
        "ReadFiles",
        "input/*",
        s3__GetObject=Uses.take_in,
        s3__GetObjectVersion=Uses.take_in_a_version,
    ),
    **_uses("intake", "DetectMissingFiles", "input", s3__ListBucket=Uses.find_missing_file),
    **_uses("intake", "ArchiveFiles", "input/archived/*", s3__PutObject=Uses.take_in),
    **_uses(
        "intake",
        "RemoveArchivedFiles",
        "input/csv-files/*",
        s3__DeleteObject=Uses.take_in,
        s3__DeleteObjectVersion=Uses.take_in_a_version,
    ),
    **_uses("intake", "StoreRefusals", "output/failed/rows/*", s3__PutObject=Uses.take_in_bad_rows),
    **_uses(
        "intake",
        "StoreChunks",
        "temp/processing/intake/*",
        s3__GetObject=Uses.read_chunk,
        s3__PutObject=Uses.take_in,
    ),
    **_uses(
        "sweeper-schedule",
        "StartSweep",
        "function:sweeper",
        lambda__InvokeFunction=Uses.start_sweep,
    ),
    **_uses(
        "sweeper-schedule",
        "ReportMissedSweeps",
        "sweeper-dead-letters",
        sqs__SendMessage=Uses.report_missed_sweep,
    ),
}
