"""A healthy stack of one part of each kind, as answers of boto3's clients."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from ops_dashboard.doctor.checks import run_checks
from ops_dashboard.doctor.deployed import Aws
from ops_dashboard.doctor.findings import Finding
from ops_dashboard.doctor.stack import stack_checks
from stream_ingest.aws.items import to_wire
from stream_ingest.batches.batch_item import new_item
from stream_ingest.contracts import stack_parts, table
from stream_ingest.contracts.stack_parts import StackParts, pattern_digest
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ops.stack_outputs import stack_outputs

OUTPUTS = stack_outputs(table_name="gone", bus_name="gone", output_bucket="gone")
Answers = dict[str, dict[str, Any]]

PARTS: StackParts = stack_parts.from_wire(
    stack_parts.to_wire(
        {
            "functions": [{"name": "collage", "memory_mb": 1_769, "timeout_s": 120}],
            "mappings": [
                {"name": "collage", "source": "collage", "max_concurrency": 4},
                {
                    "name": "windowing",
                    "source": "rows",
                    "on_failure": "gone",
                    "parallelization": 2,
                    "max_age_s": 82_800,
                },
            ],
            "queues": [{"name": "collage", "dead_letters": "dead", "max_receives": 3}],
            "rules": [
                {
                    "name": "ready",
                    "bus": "gone",
                    "pattern": pattern_digest('{"source": ["a"]}'),
                    "targets": {"collage": "dead", "notices": "dead"},
                }
            ],
            "schedules": [{"name": "sweeper", "rate": "rate(1 minute)", "target": "sweeper"}],
            "archives": [{"name": "windows", "days": 30}],
            "log_groups": [{"name": "/aws/lambda/collage", "days": 14}],
            "buckets": [
                {
                    "name": "input",
                    "versioned": True,
                    "events": True,
                    "rules": ["age"],
                    "origins": ["https://a"],
                }
            ],
            "tables": [{"name": "gone", "protected": True}],
            "streams": [{"name": "rows", "hours": 24}],
            "topics": [{"name": "alarms"}, {"name": "notices", "emails": ["you@example.com"]}],
            "key_aliases": ["alias/dev"],
            "alarm_prefix": "coverstream-dev-",
            "alarms": ["poison", "cost"],
        }
    )
)
_ARN = "arn:aws:x:us-east-1:123456789012"
_DEAD = {"Arn": f"{_ARN}:dead"}


def _list_mappings(FunctionName: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
    sources = {"collage": ("collage", 4, ""), "windowing": ("stream/rows", 0, "arn:aws:s3:::gone")}
    source, at_once, failures = sources[FunctionName]
    return {"EventSourceMappings": [mapping(source, at_once, failures)]}


STREAM = {
    "ParallelizationFactor": 2,
    "MaximumRecordAgeInSeconds": 82_800,
    "MaximumRetryAttempts": -1,
    "BisectBatchOnFunctionError": True,
}
"""What the mapping of a stream has besides."""


def mapping(source: str, at_once: int, failures: str, **changed: object) -> dict[str, Any]:
    """Return an event source mapping, as Lambda lists it."""
    found: dict[str, Any] = {
        "EventSourceArn": f"{_ARN}:{source}",
        "State": "Enabled",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "DestinationConfig": {"OnFailure": {"Destination": failures} if failures else {}},
        "ScalingConfig": {"MaximumConcurrency": at_once} if at_once else {},
        **({} if at_once else STREAM),
    }
    return found | changed


def invoking(answer: object, **more: object) -> Callable[..., dict[str, Any]]:
    """Return an `invoke` whose function returns `answer`."""
    return lambda **_: {"Payload": io.BytesIO(json.dumps(answer).encode()), **more}


def alarm(name: str, state: str = "OK", **changed: object) -> dict[str, Any]:
    """Return an alarm, as CloudWatch describes it."""
    topics = [OUTPUTS.alarm_topic_arn]
    found = {"StateValue": state, "ActionsEnabled": True, "AlarmActions": topics}
    return {"AlarmName": f"coverstream-dev-{name}", **found, **changed}


def subscription(arn: str = f"{_ARN}:an-id", **changed: str) -> dict[str, Any]:
    """Return a subscription, as SNS lists it."""
    found = {"SubscriptionArn": arn, "Protocol": "email", "Endpoint": "you@example.com"}
    return found | changed


WELL: Answers = {
    "kinesis": {
        "describe_stream_summary": {
            "StreamDescriptionSummary": {
                "StreamStatus": "ACTIVE",
                "OpenShardCount": 4,
                "RetentionPeriodHours": 24,
                "EncryptionType": "KMS",
            }
        }
    },
    "dynamodb": {
        "describe_table": {
            "Table": {
                "TableStatus": "ACTIVE",
                "DeletionProtectionEnabled": True,
                "GlobalSecondaryIndexes": [
                    {"IndexName": name, "IndexStatus": "ACTIVE"}
                    for name in (table.BATCH_INDEX, table.STATUS_INDEX, table.DUE_INDEX)
                ],
            }
        },
        "describe_time_to_live": {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED"}},
        "describe_continuous_backups": {
            "ContinuousBackupsDescription": {
                "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"}
            }
        },
        "query": {"Items": []},
        "batch_get_item": {"Responses": {}},
        "get_item": {"Item": to_wire(new_item(header("lost-push"), None, (), "a push", NOW_S))},
    },
    "s3": {
        "list_objects_v2": {},
        "list_object_versions": {},
        "get_bucket_versioning": {"Status": "Enabled"},
        "get_bucket_lifecycle_configuration": {"Rules": [{"ID": "age", "Status": "Enabled"}]},
        "get_bucket_notification_configuration": {"EventBridgeConfiguration": {}},
        "get_bucket_cors": {"CORSRules": [{"AllowedOrigins": ["https://a"]}]},
    },
    "kms": {"describe_key": {"KeyMetadata": {"KeyState": "Enabled"}}},
    "sqs": {
        "get_queue_attributes": {
            "Attributes": {
                "ApproximateNumberOfMessages": "0",
                "ApproximateNumberOfMessagesNotVisible": "0",
                "Policy": "{}",
                "RedrivePolicy": json.dumps(
                    {"deadLetterTargetArn": f"{_ARN}:dead", "maxReceiveCount": 3}
                ),
            }
        }
    },
    "events": {
        "describe_rule": {"State": "ENABLED", "EventPattern": '{"source":["a"]}'},
        "list_targets_by_rule": {
            "Targets": [
                {"Arn": f"{_ARN}:{name}", "DeadLetterConfig": _DEAD}
                for name in ("collage", "notices")
            ]
        },
        "describe_archive": {"State": "ENABLED", "RetentionDays": 30},
    },
    "scheduler": {
        "get_schedule": {
            "State": "ENABLED",
            "ScheduleExpression": "rate(1 minute)",
            "Target": {"Arn": f"{_ARN}:sweeper"},
        }
    },
    "lambda": {
        "get_function_configuration": {
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "MemorySize": 1_769,
            "Timeout": 120,
        },
        "get_function_concurrency": {},
        "list_event_source_mappings": _list_mappings,
        "get_account_settings": {
            "AccountLimit": {"ConcurrentExecutions": 1_000, "UnreservedConcurrentExecutions": 1_000}
        },
        "invoke": invoking({"sources": [], "internet": []}),
    },
    "cloudwatch": {
        "get_metric_data": {"MetricDataResults": [{"Id": "memory_collage", "Values": [41.2, 62]}]},
        "describe_alarms": {"MetricAlarms": [alarm("poison"), alarm("cost")]},
    },
    "logs": {
        "describe_log_groups": {
            "logGroups": [{"logGroupName": "/aws/lambda/collage", "retentionInDays": 14}]
        }
    },
    "sns": {"list_subscriptions_by_topic": {"Subscriptions": [subscription()]}},
}


class Session:
    """Answers each call with a given response."""

    def __init__(self, answers: Answers, *, endpoint: str) -> None:
        self._answers, self._endpoint = answers, endpoint

    def client(self, service: str, **_: object) -> object:
        calls = {name: _answering(answer) for name, answer in self._answers[service].items()}
        return SimpleNamespace(
            meta=SimpleNamespace(endpoint_url=self._endpoint),
            get_paginator=lambda name: SimpleNamespace(paginate=lambda **_: [calls[name]()]),
            **calls,
        )


def _answering(answer: object) -> Callable[..., Any]:
    if isinstance(answer, Exception):

        def refuse(**_: object) -> object:
            raise answer

        return refuse
    return answer if callable(answer) else lambda **_: answer


def findings_on(
    answers: Answers, parts: StackParts | None = PARTS, *, endpoint: str = "http://127.0.0.1:4566"
) -> dict[str, Finding]:
    """Return the findings of all checks, by check."""
    session: Any = Session(answers, endpoint=endpoint)
    checks = stack_checks(Aws(session), OUTPUTS, parts)
    return {finding.check: finding for finding in run_checks(checks)}


def changed(path: str, value: object) -> Answers:
    """Return the healthy answers with another value at a path of keys, such as ``kms a b``."""
    answers = {service: dict(calls) for service, calls in WELL.items()}
    service, call, *keys = path.split()
    if not keys:
        answers[service][call] = value
        return answers
    answers[service][call] = copy.deepcopy(answers[service][call])
    place = answers[service][call]
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return answers
