from __future__ import annotations

import copy
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from ops_dashboard.doctor.checks import Finding, State, result
from ops_dashboard.doctor.stack import PARTS, StackChecks
from stream_ingest.aws.items import to_wire
from stream_ingest.batches.batch_item import new_item
from stream_ingest.contracts import table
from stream_ingest.records.codec import BUCKETS
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ops.stack_outputs import stack_outputs

OUTPUTS = stack_outputs(table_name="gone", bus_name="gone", output_bucket="gone")
_WAITING = {
    "ApproximateNumberOfMessages": "0",
    "ApproximateNumberOfMessagesNotVisible": "0",
}
_RECOVERY = "ContinuousBackupsDescription PointInTimeRecoveryDescription"
WELL: dict[str, dict[str, Any]] = {
    "kinesis": {
        "describe_stream_summary": {
            "StreamDescriptionSummary": {"StreamStatus": "ACTIVE", "OpenShardCount": 4}
        }
    },
    "dynamodb": {
        "describe_table": {
            "Table": {
                "TableStatus": "ACTIVE",
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
        "get_item": {"Item": to_wire(new_item(header("lost-push"), None, (), "a push", NOW_S))},
    },
    "sqs": {"get_queue_attributes": {"Attributes": _WAITING}},
    "events": {
        "describe_event_bus": {},
        "describe_rule": {"State": "ENABLED"},
        "describe_archive": {"State": "ENABLED"},
    },
    "s3": {"list_objects_v2": {}},
    "lambda": {
        "get_function_configuration": {"State": "Active", "LastUpdateStatus": "Successful"},
        "list_event_source_mappings": {"EventSourceMappings": [{"State": "Enabled"}]},
    },
}


class Session:
    """Answers each call with a given response."""

    def __init__(self, answers: dict[str, dict[str, Any]]) -> None:
        self._answers = answers

    def client(self, service: str, **_: object) -> object:
        calls = self._answers[service].items()
        return SimpleNamespace(**{name: _answering(answer) for name, answer in calls})


def _answering(answer: object) -> object:
    return answer if callable(answer) else lambda **_: answer


def findings(session: Any) -> dict[str, Finding]:  # noqa: ANN401 - a boto3 session, or ours
    checks = StackChecks(session, OUTPUTS).checks()
    return {check.name: result(check) for check in checks}


def test_a_healthy_stack_passes_every_check() -> None:
    found = findings(Session(WELL))
    assert tuple(found) == PARTS
    assert {each.state for each in found.values()} == {State.OK}
    assert found["stream"].found == "ACTIVE, 4 open shards"


@pytest.mark.parametrize(
    ("path", "value", "check", "state", "text"),
    [
        (
            "kinesis describe_stream_summary StreamDescriptionSummary StreamStatus",
            "DELETING", "stream", State.WRONG, "DELETING",
        ),
        ("dynamodb describe_table Table TableStatus", "CREATING", "table", State.WRONG, "CREATING"),
        (
            "dynamodb describe_table Table GlobalSecondaryIndexes",
            [], "table", State.WRONG, "missing batch-id-index, due-index, status-date-index",
        ),
        (
            "dynamodb describe_time_to_live TimeToLiveDescription TimeToLiveStatus",
            "DISABLED", "table", State.WRONG, "without expiry of items",
        ),
        (
            f"dynamodb describe_continuous_backups {_RECOVERY} PointInTimeRecoveryStatus",
            "DISABLED", "table", State.WRONG, "without point-in-time recovery",
        ),
        (
            "dynamodb query Items",
            [to_wire(new_item(header("lost-push"), None, (), "a push", NOW_S))],
            "batches", State.NOTE, "sending for over a day: lost-push",
        ),
        (
            "sqs get_queue_attributes Attributes ApproximateNumberOfMessages",
            "3", "dead letters", State.NOTE, "3 collage",
        ),
        (
            "s3 list_objects_v2 Contents",
            [{"Key": "failed/records/a.json"}, {"Key": "failed/records/b.json.redriven"}],
            "dead letters", State.NOTE, "1 record, 1 stream",
        ),
        (
            "s3 list_objects_v2 Contents",
            [{"Key": "failed/records/a.json"}] * 1_000,
            "dead letters", State.NOTE, "1,000 or more record",
        ),
        ("events describe_rule State", "DISABLED", "bus", State.WRONG, "rule ready is DISABLED"),
        ("events describe_archive State", "DISABLED", "bus", State.WRONG, "archive windows"),
        (
            "lambda get_function_configuration State",
            "Failed", "functions", State.WRONG, "windowing is Failed",
        ),
        (
            "lambda list_event_source_mappings EventSourceMappings",
            [{"State": "Disabled"}], "mappings", State.WRONG, "collage is Disabled",
        ),
        (
            "lambda list_event_source_mappings EventSourceMappings",
            [], "mappings", State.WRONG, "windowing is missing",
        ),
        (
            "lambda list_event_source_mappings EventSourceMappings",
            [{"State": "Enabling"}], "mappings", State.NOTE, "windowing is Enabling",
        ),
    ],
)  # fmt: skip
def test_a_problem_is_reported_with_a_fix(
    path: str, value: object, check: str, state: State, text: str
) -> None:
    answers = copy.deepcopy(WELL)
    *parents, last = path.split()
    place: Any = answers
    for name in parents:
        place = place[name]
    place[last] = value
    found = findings(Session(answers))
    assert text in found[check].found
    assert found[check].state is state
    assert found[check].do
    assert {each.state for name, each in found.items() if name != check} == {State.OK}


@pytest.mark.parametrize(
    ("changed", "is_named"),
    [
        ({"rows_sent": 2}, True),
        ({"delivery_ended_at": "2026-11-29T03:00:00Z", "drained": {1}}, True),
        ({}, False),
        ({"rows_sent": 2, "counted": {"accepted": 1, "since": 0}}, False),  # long ago
    ],
)
def test_a_batch_that_ended_today_without_all_of_its_rows_or_marks_is_noted(
    changed: dict[str, Any], *, is_named: bool
) -> None:
    item: dict[str, Any] = {
        **new_item(header("b"), None, (), "a push", NOW_S),
        "status": "ended",
        "rows_sent": 1,
        "drained": set(range(BUCKETS)),
        "is_final": True,
        "counted": {"accepted": 1, "since": int(time.time()) - 3_600},
    }
    answers = copy.deepcopy(WELL)
    answers["dynamodb"]["get_item"] = {"Item": to_wire(item | changed)}
    answers["dynamodb"]["query"] = _only_of("ended", to_wire(item))
    found = findings(Session(answers))["batches"]
    assert found.state is (State.NOTE if is_named else State.OK)
    assert found.found.endswith("rows or end marks: b") is is_named


def _only_of(status: str, item: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    def query(ExpressionAttributeValues: dict[str, Any], **_: object) -> dict[str, Any]:  # noqa: N803 - AWS's name
        return {"Items": [item] if {"S": status} in ExpressionAttributeValues.values() else []}

    return query


@pytest.mark.usefixtures("ops_table")
def test_every_deleted_part_is_reported() -> None:
    """The outputs outlive a stack whose resources were deleted by hand."""
    found = findings(boto3.Session(region_name="us-east-1"))
    assert {each.state for each in found.values()} == {State.WRONG}
    assert found["buckets"].found == "bucket input does not exist"
