"""What can be broken in the healthy stack, and what `ops-dashboard doctor` says of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from stream_ingest.aws.items import to_wire
from stream_ingest.batches.batch_item import new_item
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ops.healthy_stack import WELL, alarm, invoking, mapping, subscription

_RECOVERY = "ContinuousBackupsDescription PointInTimeRecoveryDescription"
_SUMMARY = "kinesis describe_stream_summary StreamDescriptionSummary"
_ATTRIBUTES = "sqs get_queue_attributes Attributes"
_LIMIT = "lambda get_account_settings AccountLimit"
_SUBSCRIPTIONS = "sns list_subscriptions_by_topic"
_MEMORY = "cloudwatch get_metric_data MetricDataResults"


def missing(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "none"}}, "Get")


def redriving(queue: str, receives: int) -> str:
    return json.dumps({"deadLetterTargetArn": f"a:{queue}", "maxReceiveCount": receives})


def target(name: str) -> dict[str, Any]:
    return {"Arn": f"a:{name}", "DeadLetterConfig": {"Arn": "a:dead"}}


def mapped(**changes: object) -> dict[str, Any]:
    return {"EventSourceMappings": [mapping("collage", 4, "", **changes)]}


def listing(found: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """Answer with `found` for the collage function, and as in a healthy stack for others."""
    well: Callable[..., dict[str, Any]] = WELL["lambda"]["list_event_source_mappings"]

    def answer(FunctionName: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        return found if FunctionName == "collage" else well(FunctionName)

    return answer


def reading(**changes: object) -> Callable[..., dict[str, Any]]:
    """Answer with a changed mapping for the windowing function, and as usual for others."""
    well: Callable[..., dict[str, Any]] = WELL["lambda"]["list_event_source_mappings"]
    changed = {"EventSourceMappings": [mapping("stream/rows", 0, "arn:aws:s3:::gone", **changes)]}

    def answer(FunctionName: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        return changed if FunctionName == "windowing" else well(FunctionName)

    return answer


def reached(*, sources: tuple[bool, ...] = (), internet: tuple[bool, ...] = ()) -> dict[str, Any]:
    return {
        kind: [
            {"host": f"{kind}-{n}:80", "is_reachable": is_reachable, "detail": "why"}
            for n, is_reachable in enumerate(each)
        ]
        for kind, each in (("sources", sources), ("internet", internet))
    }


def dropped(days: int) -> dict[str, Any]:
    """Return a version of a file that was dropped so many days ago."""
    at = datetime.now(UTC) - timedelta(days=days)
    return {"Key": "csv-files/a.csv", "ETag": '"e"', "VersionId": "v", "LastModified": at}


Case = tuple[str, str, object, str]
"""Check, path of an answer, its value, and a part of the finding."""

BROKEN: list[Case] = [
    ("stream", "kinesis describe_stream_summary", missing("ResourceNotFoundException"),
     "rows does not exist"),
    ("stream", f"{_SUMMARY} StreamStatus", "DELETING", "rows is DELETING"),
    ("stream", f"{_SUMMARY} RetentionPeriodHours", 23, "for 23 hours instead of 24"),
    ("stream", f"{_SUMMARY} EncryptionType", "NONE", "rows is not encrypted"),
    ("table", "dynamodb describe_table", missing("ResourceNotFoundException"),
     "gone does not exist"),
    ("table", "dynamodb describe_table Table TableStatus", "CREATING", "gone is CREATING"),
    ("table", "dynamodb describe_table Table GlobalSecondaryIndexes", [],
     "index batch-id-index is missing; index status-date-index is missing; index due-index"),
    ("table", "dynamodb describe_table Table DeletionProtectionEnabled", False,
     "gone is without deletion protection"),
    ("table", "dynamodb describe_time_to_live TimeToLiveDescription TimeToLiveStatus", "DISABLED",
     "without expiry of items"),
    ("table", f"dynamodb describe_continuous_backups {_RECOVERY} PointInTimeRecoveryStatus",
     "DISABLED", "without point-in-time recovery"),
    ("buckets", "s3 list_objects_v2", missing("NoSuchBucket"), "bucket input does not exist"),
    ("buckets", "s3 get_bucket_versioning", {"Status": "Suspended"}, "input does not keep"),
    ("buckets", "s3 get_bucket_lifecycle_configuration", missing("NoSuchLifecycleConfiguration"),
     "without the lifecycle rules age"),
    ("buckets", "s3 get_bucket_lifecycle_configuration Rules",
     [{"ID": "age", "Status": "Disabled"}], "without the lifecycle rules age"),
    ("buckets", "s3 get_bucket_notification_configuration", {}, "does not announce uploads"),
    ("key", "kms describe_key", missing("NotFoundException"), "alias/dev is missing"),
    ("key", "kms describe_key KeyMetadata KeyState", "Disabled", "alias/dev is disabled"),
    ("key", "kms describe_key KeyMetadata KeyState", "PendingDeletion", "going to be deleted"),
    ("queues", f"{_ATTRIBUTES} RedrivePolicy", "", "has the dead-letter queue none instead"),
    ("queues", f"{_ATTRIBUTES} RedrivePolicy", redriving("b", 3),
     "has the dead-letter queue b instead of dead"),
    ("queues", f"{_ATTRIBUTES} RedrivePolicy", redriving("dead", 1),
     "delivers a message 1 times instead of 3"),
    ("queues", f"{_ATTRIBUTES} Policy", "", "collage has no policy"),
    ("rules", "events describe_rule", missing("ResourceNotFoundException"), "rule ready does not"),
    ("rules", "events describe_rule State", "DISABLED", "rule ready is DISABLED"),
    ("rules", "events describe_rule EventPattern", '{"source": ["b"]}', "the pattern of rule"),
    ("rules", "events list_targets_by_rule Targets", [],
     "sends to nothing, not to collage; rule ready sends to nothing, not to notices"),
    ("rules", "events list_targets_by_rule Targets", [{"Arn": "a:other"}], "sends to other, not"),
    ("rules", "events list_targets_by_rule Targets", [target("collage")],
     "rule ready sends to collage, not to notices"),
    ("rules", "events list_targets_by_rule Targets", [target("notices")],
     "rule ready sends to notices, not to collage"),
    ("rules", "events list_targets_by_rule Targets", [target("collage"), {"Arn": "a:notices"}],
     "rule ready has the dead-letter queue none, not dead, for notices"),
    ("archive", "events describe_archive", missing("ResourceNotFoundException"),
     "windows does not exist"),
    ("archive", "events describe_archive State", "DISABLED", "windows is DISABLED"),
    ("archive", "events describe_archive RetentionDays", 1, "for 1 days instead of 30"),
    ("schedule", "scheduler get_schedule", missing("ResourceNotFoundException"), "sweeper does"),
    ("schedule", "scheduler get_schedule State", "DISABLED", "sweeper is DISABLED"),
    ("schedule", "scheduler get_schedule ScheduleExpression", "rate(1 hour)", "at rate(1 hour), n"),
    ("schedule", "scheduler get_schedule Target Arn", "a:b", "starts b, not sweeper"),
    ("functions", "lambda get_function_configuration", missing("ResourceNotFoundException"),
     "collage does not exist"),
    ("functions", "lambda get_function_configuration State", "Failed", "collage is Failed"),
    ("functions", "lambda get_function_configuration LastUpdateStatus", "Failed", "the update of"),
    ("functions", "lambda get_function_configuration MemorySize", 128,
     "collage has 128 MB of memory instead of 1,769"),
    ("functions", "lambda get_function_configuration Timeout", 3, "3 seconds instead of 120"),
    ("functions", "lambda get_function_concurrency", {"ReservedConcurrentExecutions": 0},
     "collage is throttled"),
    ("functions", "lambda get_function_concurrency", {"ReservedConcurrentExecutions": 5},
     "a reserved concurrency of 5, not none"),
    ("mappings", "lambda list_event_source_mappings", listing({"EventSourceMappings": []}),
     "collage is not invoked for collage: no mapping"),
    ("mappings", "lambda list_event_source_mappings", missing("ResourceNotFoundException"),
     "windowing is not invoked for rows"),
    ("mappings", "lambda list_event_source_mappings", listing(mapped(EventSourceArn="a:other")),
     "collage is not invoked for collage"),
    ("mappings", "lambda list_event_source_mappings", listing(mapped(State="Disabled")),
     "the mapping of collage is Disabled"),
    ("mappings", "lambda list_event_source_mappings",
     listing(mapped(LastProcessingResult="PROBLEM: Function call failed")), "reports PROBLEM: Fu"),
    ("mappings", "lambda list_event_source_mappings",
     listing(mapped(FilterCriteria={"Filters": [{"Pattern": "{}"}]})), "filters messages"),
    ("mappings", "lambda list_event_source_mappings", listing(mapped(FunctionResponseTypes=[])),
     "without ReportBatchItemFailures"),
    ("mappings", "lambda list_event_source_mappings", listing(mapped(ScalingConfig={})),
     "any number of invocations at once, not 4"),
    ("mappings", "lambda list_event_source_mappings",
     listing(mapped(DestinationConfig={"OnFailure": {"Destination": "arn:aws:s3:::b"}})),
     "sends failures to b, not nowhere"),
    *(
        ("mappings", "lambda list_event_source_mappings", reading(**{name: value}), text)
        for name, value, text in (
            ("ParallelizationFactor", 1, "windowing has ParallelizationFactor 1 instead of 2"),
            ("MaximumRecordAgeInSeconds", 60, "MaximumRecordAgeInSeconds 60 instead of 82800"),
            ("MaximumRetryAttempts", 10, "MaximumRetryAttempts 10 instead of -1"),
            ("BisectBatchOnFunctionError", False, "does not halve a delivery"),
        )
    ),
    ("network", "lambda invoke", missing("ResourceNotFoundException"), "collage does not exist"),
    ("network", "lambda invoke", invoking({"errorMessage": "boom"}, FunctionError="Unhandled"),
     "collage failed: boom"),
    ("network", "lambda invoke", invoking({"batchItemFailures": []}), "does not know the probe"),
    ("network", "lambda invoke", invoking(reached(sources=(True, False))),
     "cannot reach sources-1:80 (why)"),
    ("network", "lambda invoke", invoking(reached(internet=(False, False))),
     "cannot reach the internet: internet-0:80 (why), internet-1:80 (why)"),
    ("memory", _MEMORY, [{"Id": "memory_collage", "Values": [97.4]}], "used 97 % of 1,769 MB"),
    ("quota", f"{_LIMIT} ConcurrentExecutions", 10, "up to 13 invocations run at once, of 10"),
    ("quota", f"{_LIMIT} UnreservedConcurrentExecutions", 12, "; 12 is left"),
    ("log groups", "logs describe_log_groups logGroups", [], "/aws/lambda/collage does not exist"),
    ("log groups", "logs describe_log_groups logGroups",
     [{"logGroupName": "/aws/lambda/collage-2", "retentionInDays": 14}], "does not exist"),
    ("log groups", "logs describe_log_groups logGroups",
     [{"logGroupName": "/aws/lambda/collage"}], "for ever instead of 14 days"),
    ("alarms", "cloudwatch describe_alarms MetricAlarms", [alarm("cost")], "missing: poison"),
    ("alarms", "cloudwatch describe_alarms MetricAlarms", [alarm("cost"), alarm("poison", "ALARM")],
     "in alarm: poison"),
    ("alarms", "cloudwatch describe_alarms MetricAlarms",
     [alarm("cost"), alarm("poison", ActionsEnabled=False)], "actions switched off: poison"),
    ("alarms", "cloudwatch describe_alarms MetricAlarms",
     [alarm("cost", AlarmActions=[]), alarm("poison")], "without the alarms' topic: cost"),
    ("notices", _SUBSCRIPTIONS, missing("NotFound"),
     "topic alarms does not exist, so nobody is notified; topic notices does not exist"),
    ("notices", f"{_SUBSCRIPTIONS} Subscriptions", [],
     "you@example.com is not subscribed to notices"),
    ("notices", f"{_SUBSCRIPTIONS} Subscriptions", [subscription("Deleted")],
     "you@example.com is not subscribed to notices"),
    ("files", "s3 list_object_versions Versions", [dropped(1)], "no job knows 1 file, although"),
]  # fmt: skip
NOTED: list[Case] = [
    ("files", "s3 list_object_versions Versions", [dropped(8)], "1 file older than 7 days, which"),
    ("network", "lambda invoke", missing("TooManyRequestsException"),
     "collage has no concurrency left: throttled"),
    ("memory", _MEMORY, [{"Id": "memory_collage", "Values": [80.6]}], "used 81 % of 1,769 MB"),
    ("mappings", "lambda list_event_source_mappings", listing(mapped(State="Enabling")),
     "collage is Enabling"),
    ("notices", f"{_SUBSCRIPTIONS} Subscriptions",
     [subscription("PendingConfirmation"), subscription(Endpoint="ops@example.com")],
     "you@example.com to alarms; not confirmed: the subscription of you@example.com to notices"),
    ("notices", f"{_SUBSCRIPTIONS} Subscriptions",
     [subscription("PendingConfirmation", Protocol="https", Endpoint="https://a:secret@b/"),
      subscription()],
     "not confirmed: the subscription of one by https to alarms"),
    ("batches", "dynamodb query Items",
     [to_wire(new_item(header("lost-push"), None, (), "a push", NOW_S))],
     "sending for over a day: lost-push"),
    ("dead letters", f"{_ATTRIBUTES} ApproximateNumberOfMessages", "3", "3 collage"),
    ("dead letters", "s3 list_objects_v2 Contents",
     [{"Key": "failed/records/a.json"}, {"Key": "failed/records/b.json.redriven"}],
     "1 record, 2 stream"),
    ("dead letters", "s3 list_objects_v2 Contents", [{"Key": "failed/records/a.json"}] * 1_000,
     "1,000 or more record"),
]  # fmt: skip
