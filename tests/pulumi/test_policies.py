from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Declared, Recorder

ROLES = ["windowing", "sweeper", "collage", "intake", "prefetch", "sweeper-schedule"]

ALLOWED_WILDCARDS = {
    r"arn:LogGroup:\w+:\*": "the streams of the function's own log group",
    r"arn:Bucket:\w+/[a-z/-]+/\*": "the objects under one prefix of one bucket",
    r"arn:Bucket:input/\*": "a request may name any file of the input bucket",
}


def statements(policy: Declared) -> Iterator[dict[str, Any]]:
    yield from policy.document("policy")["Statement"]


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def rights(recorder: Recorder, role: str) -> dict[str, set[str]]:
    """Return a role's actions on each resource."""
    found: dict[str, set[str]] = {}
    for statement in statements(recorder.one("RolePolicy", role)):
        for resource in statement["Resource"]:
            found.setdefault(resource, set()).update(statement["Action"])
    return found


def test_each_role_has_one_policy_and_no_other_rights(dev: Recorder) -> None:
    assert sorted(one.name for one in dev.all("Role")) == sorted(ROLES)
    assert sorted(one.name for one in dev.all("RolePolicy")) == sorted(ROLES)
    assert not dev.all("RolePolicyAttachment")
    assert not [one for one in dev.all("Role") if "managedPolicyArns" in one.inputs]


@pytest.mark.parametrize("role", ROLES)
def test_no_action_is_a_wildcard(dev: Recorder, role: str) -> None:
    for statement in statements(dev.one("RolePolicy", role)):
        assert statement["Effect"] == "Allow"
        assert not [action for action in statement["Action"] if "*" in action]


@pytest.mark.parametrize("role", ROLES)
def test_a_wildcard_in_a_resource_is_one_of_those_with_a_reason(dev: Recorder, role: str) -> None:
    for resource in rights(dev, role):
        if "*" in resource:
            assert any(re.fullmatch(allowed, resource) for allowed in ALLOWED_WILDCARDS), resource


def test_resource_policies_allow_no_wildcard(dev: Recorder) -> None:
    policies = [*dev.all("QueuePolicy"), *dev.all("BucketPolicy")]
    for statement in (statement for policy in policies for statement in statements(policy)):
        if statement["Effect"] == "Allow":
            assert statement["Principal"] != "*"
            assert "*" not in statement["Action"]
            assert not [r for r in as_list(statement["Resource"]) if "*" in r]


@pytest.mark.parametrize("role", ROLES)
def test_only_the_service_that_needs_a_role_may_assume_it(dev: Recorder, role: str) -> None:
    (statement,) = dev.one("Role", role).document("assumeRolePolicy")["Statement"]
    service = "scheduler" if role == "sweeper-schedule" else "lambda"
    assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}
    assert statement["Action"] == "sts:AssumeRole"
    if service == "scheduler":
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_the_windowing_role_folds_and_nothing_more(dev: Recorder) -> None:
    assert rights(dev, "windowing") == {
        "arn:LogGroup:windowing:*": {"logs:CreateLogStream", "logs:PutLogEvents"},
        "arn:Stream:rows": {
            "kinesis:DescribeStream",
            "kinesis:DescribeStreamSummary",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
        },
        "arn:Table:state": {
            "dynamodb:BatchGetItem",
            "dynamodb:DescribeTable",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:Query",
            "dynamodb:DeleteItem",
        },
        "arn:EventBus:bus": {"events:PutEvents"},
        "arn:Bucket:output/failed/*": {"s3:PutObject"},
        "arn:Bucket:temp/processing/*": {"s3:PutObject"},
        "arn:Bucket:temp/processing/attempts/*": {"s3:DeleteObject"},
        "arn:Bucket:output/aws/lambda/*": {"s3:PutObject"},
        "arn:Bucket:output": {"s3:ListBucket"},
    }


def test_the_sweepers_role_finds_what_is_due_and_folds(dev: Recorder) -> None:
    found = rights(dev, "sweeper")
    queries = {"dynamodb:Query"}
    assert {r: a for r, a in found.items() if "/index/" in r} == {
        "arn:Table:state/index/batch-id-index": queries,
        "arn:Table:state/index/due-index": queries,
        "arn:Table:state/index/status-date-index": queries,
    }
    on_the_table = [
        statement
        for statement in statements(dev.one("RolePolicy", "sweeper"))
        if "arn:Table:state" in statement["Resource"] and "dynamodb:Query" in statement["Action"]
    ]
    keys = ["deferred#*", "unreadable#*"]
    assert [each["Condition"] for each in on_the_table] == [
        {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys}}
    ]
    assert found["arn:Queue:sweeper-dead-letters"] == {"sqs:SendMessage"}
    assert {r: a for r, a in found.items() if r.startswith("arn:Bucket:output")} == {
        "arn:Bucket:output": {"s3:ListBucket"},
        "arn:Bucket:output/results/*": {"s3:PutObject", "s3:GetObject"},
    }


def test_the_collage_role_reads_its_queue_and_writes_collages(dev: Recorder) -> None:
    found = rights(dev, "collage")
    assert found["arn:Queue:collage"] == {
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ChangeMessageVisibility",
    }
    assert found["arn:Table:state"] == {
        "dynamodb:UpdateItem",
        "dynamodb:GetItem",
        "dynamodb:ConditionCheckItem",
        "dynamodb:DeleteItem",
    }
    assert found["arn:Bucket:temp/prefetched/*"] == {"s3:GetObject", "s3:DeleteObject"}
    for prefix in ("collages", "thumbnails", "metadata"):
        assert found[f"arn:Bucket:output/{prefix}/*"] == {"s3:PutObject", "s3:GetObject"}
    assert found["arn:Bucket:temp/originals/*"] == {"s3:PutObject", "s3:GetObject"}
    assert found["arn:Bucket:temp/processing/*"] == {"s3:GetObject"}


def test_listing_is_limited_to_the_prefixes_that_the_collage_function_looks_at(
    dev: Recorder,
) -> None:
    lists = [
        statement
        for statement in statements(dev.one("RolePolicy", "collage"))
        if statement["Action"] == ["s3:ListBucket"]
    ]
    assert [statement["Condition"]["StringLikeIfExists"]["s3:prefix"] for statement in lists] == [
        ["collages/*", "thumbnails/*", "metadata/*"],
        ["originals/*", "processing/*", "prefetched/*"],
    ]


def test_the_prefetch_role_knows_creators_and_packs_and_nothing_else(dev: Recorder) -> None:
    assert rights(dev, "prefetch") == {
        "arn:LogGroup:prefetch:*": {"logs:CreateLogStream", "logs:PutLogEvents"},
        "arn:Queue:prefetch": {
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
        },
        "arn:Table:state": {
            "dynamodb:BatchGetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
        },
        "arn:Bucket:temp/prefetched/*": {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"},
        "arn:Bucket:temp": {"s3:ListBucket"},
    }


@pytest.mark.parametrize("role", ["collage", "prefetch"])
def test_items_of_packs_are_the_only_ones_that_may_be_deleted(dev: Recorder, role: str) -> None:
    (statement,) = [
        statement
        for statement in statements(dev.one("RolePolicy", role))
        if "dynamodb:DeleteItem" in statement["Action"]
    ]
    keys = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["prefetched#*"]}}
    assert statement["Condition"] == keys


def test_originals_are_only_stored_if_the_stack_keeps_them(changed: Recorder) -> None:
    found = rights(changed, "collage")
    assert found["arn:Bucket:temp/originals/*"] == {"s3:GetObject"}


def test_the_intake_reads_any_file_but_removes_and_writes_only_where_files_are_moved(
    dev: Recorder,
) -> None:
    assert rights(dev, "intake") == {
        "arn:LogGroup:intake:*": {"logs:CreateLogStream", "logs:PutLogEvents"},
        "arn:Queue:intake": {
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ChangeMessageVisibility",
            "sqs:SendMessage",
        },
        "arn:Queue:intake-dead-letters": {"sqs:SendMessage"},
        "arn:Stream:rows": {"kinesis:PutRecords"},
        "arn:Table:state": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
        "arn:Bucket:input/*": {"s3:GetObject", "s3:GetObjectVersion"},
        "arn:Bucket:input": {"s3:ListBucket"},
        "arn:Bucket:input/archived/*": {"s3:PutObject"},
        "arn:Bucket:input/csv-files/*": {"s3:DeleteObject", "s3:DeleteObjectVersion"},
        "arn:Bucket:output/failed/rows/*": {"s3:PutObject"},
        "arn:Bucket:temp/processing/intake/*": {"s3:GetObject", "s3:PutObject"},
    }


def test_the_schedule_may_start_the_sweeper_and_nothing_else(dev: Recorder) -> None:
    assert rights(dev, "sweeper-schedule") == {
        "arn:Function:sweeper": {"lambda:InvokeFunction"},
        "arn:Queue:sweeper-dead-letters": {"sqs:SendMessage"},
    }
