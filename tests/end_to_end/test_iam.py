"""Every role can do its job on an AWS that enforces IAM, needs each of its rights, and has no more.

ministack checks every call of an SDK against the policies of the role that makes it. What it lets
pass unasked is listed in `UNSHOWN`, or shown on the policies themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from ops_dashboard.local.demo.check import collage_differences, figure_differences
from ops_dashboard.local.samples.creators import CREATORS
from stream_ingest.aws.stack import StackOutputs
from stream_ingest.contracts.settings import CollageLayout
from tests.end_to_end.exactness import objects_of
from tests.end_to_end.guarded_stack import (
    FUNCTIONS,
    ROLES,
    GuardedStack,
    Right,
    Said,
    guarded_stack,
)
from tests.end_to_end.role_rights import UNSHOWN, USES, Key, Use
from tests.end_to_end.role_uses import Uses, call
from tests.end_to_end.samples import make_sample, write_rows

pytestmark = pytest.mark.timeout(240)

Arguments = Callable[[StackOutputs], Mapping[str, Any]]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedStack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        with guarded_stack() as running:
            yield running


def test_the_whole_pipeline_works_with_the_deployed_roles_alone(
    stack: GuardedStack, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sample = make_sample(stack.covers, CREATORS[:3], seed=61)
    path = write_rows(sample, tmp_path_factory.mktemp("rows"), "rows.csv")
    stack.push(f"--csv={path}", "--flush", "--batch-id=guarded")
    expected = dict(sample.expectation.summary())
    assert figure_differences(expected, stack.status("guarded")) == []
    collages = {
        name: data
        for creator in sample.expectation.cells
        for name, data in objects_of(stack, "collages/2", creator).items()
    }
    assert collage_differences(sample.expectation, collages, CollageLayout()) == []
    assert [line for line in logged(stack) if is_denial(line)] == []


def logged(stack: GuardedStack) -> list[str]:
    """Return every line that a function has logged, and the embedded AWS's own."""
    logs = stack.aws.clients.untyped("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    lines = [
        event["message"]
        for group in groups
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        for event in page["events"]
    ]
    assert len(groups) == len(FUNCTIONS)
    assert lines
    return lines + stack.aws.instance.log.read_text(errors="replace").splitlines()


def is_denial(text: str) -> bool:
    """Tell whether AWS has refused something for want of a right."""
    return any(word in text for word in ("AccessDenied", "not authorized", "(403)", "Forbidden"))


@pytest.fixture(scope="module")
def uses(stack: GuardedStack) -> Uses:
    """Uses of rights, undisturbed: nothing but the test invokes a function."""
    functions = stack.aws.clients.functions
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    scheduler = stack.aws.clients.untyped("scheduler")
    (schedule,) = scheduler.list_schedules()["Schedules"]
    scheduler.delete_schedule(Name=schedule["Name"])
    return Uses(stack)


@pytest.fixture(scope="module")
def shown(uses: Uses) -> Callable[[Key], Said]:
    """What a use comes to with every right there is; each use once."""

    @cache
    def show(use: Use) -> Said:
        return use(uses)

    return lambda key: show(USES[key])


def in_short(stack: GuardedStack, arn: str) -> str:
    """Return a resource's ARN without what depends on account, region and stack."""
    outputs = stack.outputs
    place = arn.split(":", 5)[5]
    place = place.replace(outputs.output_bucket, "output").replace(outputs.temp_bucket, "temp")
    place = place.replace(outputs.input_bucket, "input")
    place = place.replace(f"event-bus/{outputs.bus_name}", "event-bus/bus")
    return place.replace(f"coverstream-{outputs.stack}-", "")


def deployed_rights(stack: GuardedStack) -> dict[Key, Right]:
    return {
        (right.role, right.sid, right.action, in_short(stack, right.resource)): right
        for role in ROLES
        for right in stack.rights(role)
    }


def test_every_right_of_every_role_has_a_use(stack: GuardedStack) -> None:
    assert stack.deployed_roles() == {stack.role_name(role) for role in ROLES}
    assert sorted(deployed_rights(stack)) == sorted(USES)


def test_few_rights_are_beyond_what_the_embedded_aws_can_show() -> None:
    assert len(UNSHOWN) <= 13


def cases() -> Iterator[Any]:
    """Yield every right that can be shown; beyond the first of a statement they are slow."""
    statements: set[tuple[str, str]] = set()
    for key in USES:
        if key not in UNSHOWN:
            marks = [pytest.mark.slow] if key[:2] in statements else []
            statements.add(key[:2])
            yield pytest.param(key, id=" ".join(key), marks=marks)


@pytest.mark.slow
@pytest.mark.parametrize("key", list(cases()))
def test_a_role_fails_without_any_one_of_its_rights(
    stack: GuardedStack, uses: Uses, shown: Callable[[Key], Said], key: Key
) -> None:
    """A right is an action on a resource; whoever lacks a statement lacks all rights in it."""
    complete = shown(key)
    assert complete.done, complete.text
    assert not is_denial(complete.text)
    right = deployed_rights(stack)[key]
    with stack.without(right):
        deprived = USES[key](uses)
    assert denied(stack, right.role, right.action).search(deprived.text), deprived.text


def denied(stack: GuardedStack, role: str, action: str) -> re.Pattern[str]:
    """Return what AWS says to a role that may not do something; nothing but 403 to a HEAD."""
    name = re.escape(stack.role_name(role))
    told = rf"assumed-role/{name}/\S+ is not authorized to perform: {action} "
    return re.compile(told + (r"|\(403\) when calling the HeadObject" * (action == "s3:GetObject")))


def _on_table(**more: object) -> Arguments:
    return lambda outputs: {"TableName": outputs.table_name, **more}


def _on_queue(**more: object) -> Arguments:
    return lambda outputs: {"QueueUrl": outputs.collage_queue_url, **more}


def _on_stream(**more: object) -> Arguments:
    return lambda outputs: {"StreamName": outputs.stream_name, **more}


def _on_object(bucket: str, key: str, **more: object) -> Arguments:
    return lambda outputs: {"Bucket": getattr(outputs, f"{bucket}_bucket"), "Key": key, **more}


def _on_bucket(bucket: str, **more: object) -> Arguments:
    return lambda outputs: {"Bucket": getattr(outputs, f"{bucket}_bucket"), **more}


def _on_function(function: str) -> Arguments:
    return lambda outputs: {"FunctionName": getattr(outputs, f"{function}_function")}


_KEY = {"creator_name": {"S": "a"}, "item": {"S": "state"}}
_ENTRY = {"Source": "coverstream.windowing", "DetailType": "WindowReady", "Detail": "{}"}
_PARAMETER = {"Name": "/coverstream/dev"}
NEVER: list[tuple[str, str, str, Arguments]] = [
    ("windowing", "s3:GetObject", "get_object", _on_object("output", "failed/rows/a.jsonl")),
    ("windowing", "s3:PutObject", "put_object", _on_object("output", "collages/a.jpg")),
    ("windowing", "s3:PutObject", "put_object", _on_object("temp", "originals/a.zip")),
    ("windowing", "s3:PutObject", "put_object", _on_object("input", "a.csv")),
    ("windowing", "s3:DeleteObject", "delete_object", _on_object("output", "failed/rows/a.jsonl")),
    ("windowing", "s3:ListBucket", "list_objects_v2", _on_bucket("temp")),
    ("windowing", "dynamodb:Scan", "scan", _on_table()),
    ("windowing", "dynamodb:DeleteItem", "delete_item", _on_table(Key=_KEY)),
    ("windowing", "dynamodb:PutItem", "put_item", lambda _: {"TableName": "other", "Item": _KEY}),
    ("windowing", "kinesis:PutRecord", "put_record", _on_stream(Data=b"a", PartitionKey="a")),
    ("windowing", "sqs:SendMessage", "send_message", _on_queue(MessageBody="{}")),
    ("windowing", "sqs:ReceiveMessage", "receive_message", _on_queue()),
    ("windowing", "events:PutEvents", "put_events", lambda _: {"Entries": [_ENTRY]}),
    ("windowing", "lambda:InvokeFunction", "invoke", _on_function("collage")),
    ("windowing", "ssm:GetParameter", "get_parameter", lambda _: _PARAMETER),
    ("sweeper", "kinesis:ListShards", "list_shards", _on_stream()),
    ("sweeper", "kinesis:PutRecord", "put_record", _on_stream(Data=b"a", PartitionKey="a")),
    ("sweeper", "s3:GetObject", "get_object", _on_object("temp", "processing/a.json")),
    ("sweeper", "s3:PutObject", "put_object", _on_object("output", "failed/rows/a.jsonl")),
    ("sweeper", "dynamodb:Scan", "scan", _on_table()),
    ("sweeper", "dynamodb:DeleteItem", "delete_item", _on_table(Key=_KEY)),
    ("sweeper", "dynamodb:DeleteTable", "delete_table", _on_table()),
    ("sweeper", "sqs:ReceiveMessage", "receive_message", _on_queue()),
    ("sweeper", "lambda:InvokeFunction", "invoke", _on_function("sweeper")),
    ("collage", "kinesis:ListShards", "list_shards", _on_stream()),
    ("collage", "kinesis:PutRecord", "put_record", _on_stream(Data=b"a", PartitionKey="a")),
    ("collage", "s3:DeleteObject", "delete_object", _on_object("output", "collages/a.jpg")),
    ("collage", "s3:DeleteObject", "delete_object", _on_object("temp", "originals/a.zip")),
    ("collage", "s3:PutObject", "put_object", _on_object("input", "a.csv")),
    ("collage", "s3:PutObject", "put_object", _on_object("output", "failed/rows/a.jsonl")),
    ("collage", "s3:PutObject", "put_object", _on_object("temp", "processing/a.json")),
    ("collage", "s3:GetObject", "get_object", _on_object("output", "failed/rows/a.jsonl")),
    ("collage", "s3:GetObject", "get_object", _on_object("input", "a.csv")),
    ("collage", "s3:ListBucket", "list_objects_v2", _on_bucket("output", Prefix="failed/")),
    ("collage", "s3:ListBucket", "list_objects_v2", _on_bucket("input")),
    ("collage", "dynamodb:GetItem", "get_item", _on_table(Key=_KEY)),
    ("collage", "dynamodb:PutItem", "put_item", _on_table(Item=_KEY)),
    ("collage", "dynamodb:Scan", "scan", _on_table()),
    (
        "collage",
        "dynamodb:UpdateItem",
        "update_item",
        lambda _: {"TableName": "other", "Key": _KEY},
    ),
    ("collage", "sqs:SendMessage", "send_message", _on_queue(MessageBody="{}")),
    ("collage", "sqs:PurgeQueue", "purge_queue", _on_queue()),
    ("collage", "events:PutEvents", "put_events", lambda _: {"Entries": [_ENTRY]}),
    ("collage", "lambda:InvokeFunction", "invoke", _on_function("sweeper")),
    ("collage", "s3:PutObject", "put_object", _on_object("temp", "prefetched/a.zip")),
    ("collage", "s3:DeleteObject", "delete_object", _on_object("temp", "processing/a.json")),
    ("prefetch", "s3:PutObject", "put_object", _on_object("output", "collages/a.jpg")),
    ("prefetch", "s3:PutObject", "put_object", _on_object("temp", "originals/a.zip")),
    ("prefetch", "s3:PutObject", "put_object", _on_object("temp", "processing/a.json")),
    ("prefetch", "s3:DeleteObject", "delete_object", _on_object("temp", "originals/a.zip")),
    ("prefetch", "s3:DeleteObject", "delete_object", _on_object("output", "collages/a.jpg")),
    ("prefetch", "s3:GetObject", "get_object", _on_object("output", "collages/a.jpg")),
    ("prefetch", "s3:GetObject", "get_object", _on_object("temp", "processing/a.json")),
    ("prefetch", "s3:GetObject", "get_object", _on_object("input", "a.csv")),
    ("prefetch", "s3:ListBucket", "list_objects_v2", _on_bucket("temp", Prefix="originals/")),
    ("prefetch", "s3:ListBucket", "list_objects_v2", _on_bucket("output")),
    ("prefetch", "dynamodb:GetItem", "get_item", _on_table(Key=_KEY)),
    ("prefetch", "dynamodb:Scan", "scan", _on_table()),
    ("prefetch", "kinesis:PutRecord", "put_record", _on_stream(Data=b"a", PartitionKey="a")),
    ("prefetch", "sqs:SendMessage", "send_message", _on_queue(MessageBody="{}")),
    ("prefetch", "sqs:ReceiveMessage", "receive_message", _on_queue()),
    ("prefetch", "events:PutEvents", "put_events", lambda _: {"Entries": [_ENTRY]}),
    ("prefetch", "lambda:InvokeFunction", "invoke", _on_function("collage")),
    ("intake", "s3:PutObject", "put_object", _on_object("input", "csv-files/a.csv")),
    ("intake", "s3:DeleteObject", "delete_object", _on_object("input", "archived/a.csv")),
    ("intake", "s3:DeleteObject", "delete_object", _on_object("input", "manual-uploads/a.csv")),
    ("intake", "s3:PutObject", "put_object", _on_object("output", "collages/a.jpg")),
    ("intake", "s3:GetObject", "get_object", _on_object("output", "failed/rows/a.jsonl")),
    ("intake", "s3:PutObject", "put_object", _on_object("temp", "originals/a.zip")),
    ("intake", "dynamodb:Scan", "scan", _on_table()),
    ("intake", "dynamodb:DeleteItem", "delete_item", _on_table(Key=_KEY)),
    ("intake", "kinesis:ListShards", "list_shards", _on_stream()),
    ("intake", "sqs:SendMessage", "send_message", _on_queue(MessageBody="{}")),
    ("intake", "sqs:ReceiveMessage", "receive_message", _on_queue()),
    ("intake", "events:PutEvents", "put_events", lambda _: {"Entries": [_ENTRY]}),
    ("intake", "lambda:InvokeFunction", "invoke", _on_function("intake")),
    ("sweeper-schedule", "lambda:InvokeFunction", "invoke", _on_function("collage")),
    ("sweeper-schedule", "sqs:SendMessage", "send_message", _on_queue(MessageBody="{}")),
    ("sweeper-schedule", "dynamodb:Scan", "scan", _on_table()),
    ("sweeper-schedule", "s3:ListBucket", "list_objects_v2", _on_bucket("output")),
]
"""Role, action, the call that needs it, and on what: what the role never has to do."""


@pytest.mark.parametrize(("role", "action", "operation", "arguments"), NEVER)
def test_a_role_may_not_do_what_it_never_does(
    stack: GuardedStack, role: str, action: str, operation: str, arguments: Arguments
) -> None:
    service = action.partition(":")[0]
    said = call(stack, role, service, operation, **arguments(stack.outputs))
    assert denied(stack, role, action).search(said.text), said.text


def test_only_the_items_of_packs_may_be_deleted(stack: GuardedStack) -> None:
    """ministack has no dynamodb:LeadingKeys, so the policies themselves are looked at.

    On AWS every DeleteItem has that key: the partition key of its item.
    """
    found = [
        (role, statement["Sid"], statement.get("Condition"))
        for role in ROLES
        for statement in stack.statements(role)
        if "dynamodb:DeleteItem" in statement["Action"]
    ]
    packs_only = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["prefetched#*"]}}
    assert found == [(role, "DeletePackItems", packs_only) for role in ("collage", "prefetch")]


def test_only_our_rules_may_send_to_our_queues(stack: GuardedStack) -> None:
    """ministack delivers an event to a queue unasked, so the policies themselves are looked at."""
    outputs = stack.outputs
    drained = outputs.window_rule_arn.replace("window-ready", "batch-drained")
    expiring = outputs.window_rule_arn.replace("window-ready", "covers-expiring")
    uploaded = re.sub(r"rule/.*", f"rule/coverstream-{outputs.stack}-csv-uploaded", drained)
    senders = {
        outputs.collage_queue_url: [outputs.window_rule_arn],
        outputs.dead_letter_urls["window-rule"]: [outputs.window_rule_arn],
        outputs.dead_letter_urls["sweeper"]: [drained],
        outputs.dead_letter_urls["collage"]: [],
        outputs.prefetch_queue_url: [expiring],
        outputs.dead_letter_urls["prefetch"]: [expiring],
        outputs.request_queue_url: [uploaded],
        outputs.dead_letter_urls["intake"]: [uploaded],
    }
    for url, rules in senders.items():
        attributes = stack.aws.clients.sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["Policy"]
        )["Attributes"]
        statements = json.loads(attributes["Policy"])["Statement"]
        allowed = [each for each in statements if each["Effect"] == "Allow"]
        assert [each["Principal"] for each in allowed] == [
            {"Service": "events.amazonaws.com"} for _ in rules
        ]
        assert [each["Condition"]["ArnEquals"]["aws:SourceArn"] for each in allowed] == [
            [rule] for rule in rules
        ]


def test_only_our_rule_may_invoke_the_sweeper_and_nobody_else_any_function(
    stack: GuardedStack,
) -> None:
    """ministack invokes a rule's function unasked, so the policies themselves are looked at."""
    (statement,) = who_may_invoke(stack, stack.outputs.sweeper_function)
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    rule = stack.outputs.window_rule_arn.replace("window-ready", "batch-drained")
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"] == rule
    assert who_may_invoke(stack, stack.outputs.windowing_function) == []
    assert who_may_invoke(stack, stack.outputs.collage_function) == []
    assert who_may_invoke(stack, stack.outputs.prefetch_function) == []
    assert who_may_invoke(stack, stack.outputs.intake_function) == []


def who_may_invoke(stack: GuardedStack, function: str) -> list[dict[str, Any]]:
    """Return the statements of a function's own policy; ministack has an empty one for none."""
    policy = stack.aws.clients.functions.get_policy(FunctionName=function)["Policy"]
    statements: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return statements
