from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from ops_dashboard.doctor.checks import run_checks
from ops_dashboard.doctor.deployed import Aws
from ops_dashboard.doctor.findings import State
from ops_dashboard.doctor.stack import CHECKS, NEED_PARTS, stack_checks
from stream_ingest.aws.items import to_wire
from stream_ingest.batches.batch_item import new_item
from stream_ingest.records.codec import BUCKETS
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ops.broken_parts import BROKEN, NOTED, missing, reached
from tests.fakes.ops.healthy_stack import (
    OUTPUTS,
    PARTS,
    WELL,
    alarm,
    changed,
    findings_on,
    invoking,
)

AWS = "https://lambda.us-east-1.amazonaws.com"
ALSO = {"stream": {"quota"}, "dead letters": {"queues"}}
"""Checks that ask for the same thing, by the check that is meant."""


def test_a_healthy_stack_passes_every_check() -> None:
    found = findings_on(WELL)
    assert tuple(found) == tuple(CHECKS)
    assert {name: each.state for name, each in found.items() if each.state is not State.OK} == {}
    assert found["stream"].found == "ACTIVE, 4 open shards"
    assert found["memory"].found == "collage used 62 % of 1,769 MB"
    assert found["quota"].found == (
        "up to 13 invocations run at once, of 1000 that the account may run; 1000 unreserved"
    )
    assert found["notices"].found == "confirmed subscriptions: 1 to alarms, 1 to notices"


@pytest.mark.parametrize(
    ("state", "check", "path", "value", "text"),
    [(State.WRONG, *each) for each in BROKEN] + [(State.NOTE, *each) for each in NOTED],
    ids=[f"{check}-{text}" for check, _, _, text in (*BROKEN, *NOTED)],
)
def test_a_problem_is_reported_with_a_fix_by_its_check(
    state: State, check: str, path: str, value: object, text: str
) -> None:
    found = findings_on(changed(path, value))
    assert text in found[check].found
    assert found[check].state is state
    assert found[check].do
    others = {name for name, each in found.items() if each.state is not State.OK} - {check}
    assert others <= ALSO.get(check, set())


@pytest.mark.parametrize(
    ("path", "value", "kinds"),
    [
        ("lambda get_function_configuration", missing("ResourceNotFoundException"), ["missing"]),
        ("lambda get_function_configuration Timeout", 3, ["changed"]),
        ("lambda get_function_concurrency", {"ReservedConcurrentExecutions": 0}, ["stopped"]),
        ("events list_targets_by_rule Targets", [], ["missing"]),
        ("events describe_rule State", "DISABLED", ["stopped"]),
        ("kms describe_key KeyMetadata KeyState", "Disabled", ["stopped"]),
        ("s3 get_bucket_versioning", {}, ["changed"]),
        ("s3 get_bucket_cors", missing("NoSuchCORSConfiguration"), ["stopped"]),
        ("s3 get_bucket_cors", {"CORSRules": [{"AllowedOrigins": ["https://a", "*"]}]},
         ["changed"]),
        ("cloudwatch describe_alarms MetricAlarms", [alarm("cost", "ALARM")],
         ["missing", "raised"]),
        ("kms describe_key", missing("AccessDeniedException"), ["denied"]),
        ("sns list_subscriptions_by_topic Subscriptions", [], ["missing"]),
    ],
)  # fmt: skip
def test_findings_say_for_programs_what_is_wrong(
    path: str, value: object, kinds: list[str]
) -> None:
    found = [each for each in findings_on(changed(path, value)).values() if each.kinds]
    assert [list(each.kinds) for each in found] == [kinds]


def test_each_check_has_a_problem_that_it_finds() -> None:
    # `test_every_deleted_part_is_reported`, `test_cdn`, and `end_to_end/test_photos_operating.py`
    untested = {"items", "cdn", "photos"}
    assert {each[0] for each in (*BROKEN, *NOTED)} == set(CHECKS) - untested


def test_a_missing_queue_is_named_and_its_dead_letters_are_not_counted() -> None:
    gone = missing("AWS.SimpleQueueService.NonExistentQueue")
    found = findings_on(changed("sqs get_queue_attributes", gone))
    assert (found["queues"].state, found["queues"].found) == (State.WRONG, "collage does not exist")
    assert found["dead letters"].state is State.OK


def test_a_raised_alarm_links_to_its_section_of_the_runbook() -> None:
    path = "cloudwatch describe_alarms MetricAlarms"
    found = findings_on(changed(path, [alarm("cost"), alarm("poison", "ALARM")]))["alarms"]
    assert found.do == "see docs/operations/runbook.md#poison"
    found = findings_on(changed(path, [alarm("poison", "ALARM")]))["alarms"]
    assert found.found == "in alarm: poison; missing: cost"
    assert found.do is not None
    assert found.do.startswith("see docs/operations/runbook.md#poison; start it again")


def test_only_aws_is_expected_to_reach_the_internet() -> None:
    events: list[str] = []

    def invoke(Payload: str, **_: object) -> dict[str, Any]:  # noqa: N803 - AWS's name
        events.append(Payload)
        return invoking(reached(internet=(False, True)))()

    answers = changed("lambda invoke", invoke)
    assert findings_on(answers)["network"].state is State.OK
    assert findings_on(answers, endpoint=AWS)["network"].state is State.OK
    assert events == [
        '{"coverstream_network_probe": {"internet": false}}',
        '{"coverstream_network_probe": {"internet": true}}',
    ]


def test_the_fix_of_a_stack_on_aws_compares_it_with_what_pulumi_recorded() -> None:
    answers = changed("s3 get_bucket_versioning", {})
    assert findings_on(answers, endpoint=AWS)["buckets"].do == (
        "deploy it again: make refresh STACK=dev, then make up STACK=dev"
    )
    assert "ops-dashboard local up" in str(findings_on(answers)["buckets"].do)


def test_what_a_stack_of_an_earlier_release_does_not_list_is_not_checked() -> None:
    found = findings_on(WELL, None)
    assert {name for name, each in found.items() if each.state is State.SKIPPED} == NEED_PARTS
    assert {found[name].state for name in set(CHECKS) - NEED_PARTS} == {State.OK}


@pytest.mark.parametrize(
    ("changes", "is_named"),
    [
        ({"rows_sent": 2}, True),
        ({"delivery_ended_at": "2026-11-29T03:00:00Z", "drained": {1}}, True),
        ({}, False),
        ({"rows_sent": 2, "counted": {"accepted": 1, "since": 0}}, False),  # long ago
    ],
)
def test_a_batch_that_ended_today_without_all_of_its_rows_or_marks_is_noted(
    changes: dict[str, Any], *, is_named: bool
) -> None:
    item: dict[str, Any] = {
        **new_item(header("b"), None, (), "a push", NOW_S),
        "status": "ended",
        "rows_sent": 1,
        "drained": set(range(BUCKETS)),
        "is_final": True,
        "counted": {"accepted": 1, "since": int(time.time()) - 3_600},
    }
    answers = changed("dynamodb get_item", {"Item": to_wire(item | changes)})
    answers["dynamodb"]["query"] = _only_of("ended", to_wire(item))
    found = findings_on(answers)["batches"]
    assert found.state is (State.NOTE if is_named else State.OK)
    assert found.found.endswith("rows or end marks: b") is is_named


def _only_of(status: str, item: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    def query(ExpressionAttributeValues: dict[str, Any], **_: object) -> dict[str, Any]:  # noqa: N803 - AWS's name
        return {"Items": [item] if {"S": status} in ExpressionAttributeValues.values() else []}

    return query


@pytest.mark.usefixtures("ops_table")
def test_every_deleted_part_is_reported() -> None:
    """The outputs outlive a stack whose resources were deleted by hand."""
    checks = stack_checks(Aws(boto3.Session(region_name="us-east-1")), OUTPUTS, PARTS)
    # One after the other: moto compiles its routes, which Python 3.11.2 cannot do in two threads.
    found = {each.check: each for check in checks for each in run_checks([check])}
    good = {name for name, each in found.items() if each.state is State.OK}
    # No metric, no message and no photo of a stack that is gone.
    assert good == {"cdn", "memory", "photos", "dead letters"}
    assert found["buckets"].found == "bucket input does not exist"
