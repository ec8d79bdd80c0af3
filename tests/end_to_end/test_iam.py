"""Every role has exactly the rights that it needs, on an embedded AWS that enforces IAM.

ministack checks every SDK call against the policies of the calling role. What it does not check is
listed in `NOT_ENFORCED`, or compared with the policies themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from ops_dashboard.local.demo.batches import DEFAULT_LAYOUT
from ops_dashboard.local.demo.check import collage_differences, figure_differences
from ops_dashboard.local.samples.creators import CREATORS
from tests.end_to_end.batch_differences import objects_of
from tests.end_to_end.denied_calls import NEVER, Arguments
from tests.end_to_end.denied_photo_calls import NEVER_PHOTOS
from tests.end_to_end.iam_stack import (
    FUNCTIONS,
    ROLES,
    CallResult,
    IamStack,
    Right,
    iam_stack,
)
from tests.end_to_end.people import People, RunAs
from tests.end_to_end.photo_uses import render_and_remove
from tests.end_to_end.role_rights import USES, Key, Use
from tests.end_to_end.role_uses import Uses, call
from tests.end_to_end.samples import make_sample, write_rows
from tests.end_to_end.unenforced_rights import NOT_ENFORCED
from tests.fakes.command_line import Commands

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IamStack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        with iam_stack() as running:
            yield running


def test_the_whole_pipeline_works_with_the_deployed_roles_alone(
    stack: IamStack, tmp_path_factory: pytest.TempPathFactory
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
    assert collage_differences(sample.expectation, collages, DEFAULT_LAYOUT) == []
    render_and_remove(stack)
    assert [line for line in logged(stack) if is_denial(line)] == []


def logged(stack: IamStack) -> list[str]:
    """Return all log lines of the functions and of the embedded AWS."""
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
    """Return whether a text reports a denied call."""
    return any(word in text for word in ("AccessDenied", "not authorized", "(403)", "Forbidden"))


@pytest.fixture(scope="module")
def uses(stack: IamStack) -> Uses:
    """Uses of rights, with all triggers switched off."""
    functions = stack.aws.clients.functions
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    scheduler = stack.aws.clients.untyped("scheduler")
    for schedule in scheduler.list_schedules()["Schedules"]:
        scheduler.delete_schedule(Name=schedule["Name"])
    return Uses(stack)


@pytest.fixture(scope="module")
def shown(uses: Uses) -> Callable[[Key], CallResult]:
    """The result of a use with all rights; each use is run once."""

    @cache
    def show(use: Use) -> CallResult:
        return use(uses)

    return lambda key: show(USES[key])


def in_short(stack: IamStack, arn: str) -> str:
    """Return a resource's ARN without account, region and stack."""
    outputs = stack.outputs
    place = arn.split(":", 5)[5]
    place = place.replace(outputs.output_bucket, "output").replace(outputs.temp_bucket, "temp")
    place = place.replace(outputs.input_bucket, "input")
    photos = outputs.photos
    assert photos is not None
    place = place.replace(photos.uploads_bucket, "uploads")
    place = place.replace(photos.renditions_bucket, "renditions")
    place = place.replace(photos.link_key.rpartition("/")[2], "links")
    place = place.replace(photos.distribution_id, "cdn")
    place = place.replace(f"event-bus/{outputs.bus_name}", "event-bus/bus")
    return place.replace(f"coverstream-{outputs.stack}-", "")


def deployed_rights(stack: IamStack) -> dict[Key, Right]:
    return {
        (right.role, right.sid, right.action, in_short(stack, right.resource)): right
        for role in ROLES
        for right in stack.rights(role)
    }


def test_every_right_of_every_role_has_a_use(stack: IamStack) -> None:
    assert stack.deployed_roles() == {stack.role_name(role) for role in ROLES}
    assert sorted(deployed_rights(stack)) == sorted(USES)


def test_the_embedded_aws_enforces_all_but_a_few_rights() -> None:
    assert len(NOT_ENFORCED) <= 36


def cases() -> Iterator[Any]:
    """Yield every enforced right; all but the first of a statement are marked slow."""
    statements: set[tuple[str, str]] = set()
    for key in USES:
        if key not in NOT_ENFORCED:
            marks = [pytest.mark.slow] if key[:2] in statements else []
            statements.add(key[:2])
            yield pytest.param(key, id=" ".join(key), marks=marks)


@pytest.mark.slow
@pytest.mark.parametrize("key", list(cases()))
def test_a_role_fails_without_any_one_of_its_rights(
    stack: IamStack, uses: Uses, shown: Callable[[Key], CallResult], key: Key
) -> None:
    """A right is one action on one resource of a statement."""
    complete = shown(key)
    assert complete.done, complete.text
    assert not is_denial(complete.text)
    right = deployed_rights(stack)[key]
    with stack.without(right):
        deprived = USES[key](uses)
    assert denied(stack, right.role, right.action).search(deprived.text), deprived.text


def denied(stack: IamStack, role: str, action: str) -> re.Pattern[str]:
    """Return a pattern of AWS's message to a denied role; the answer to HEAD is only a 403."""
    name = re.escape(stack.role_name(role))
    message = rf"assumed-role/{name}/\S+ is not authorized to perform: {action} "
    return re.compile(
        message + (r"|\(403\) when calling the HeadObject" * (action == "s3:GetObject"))
    )


@pytest.mark.parametrize(("role", "action", "operation", "arguments"), [*NEVER, *NEVER_PHOTOS])
def test_a_role_is_denied_what_it_never_does(
    stack: IamStack, role: str, action: str, operation: str, arguments: Arguments
) -> None:
    service = action.partition(":")[0]
    result = call(stack, role, service, operation, **arguments(stack.outputs))
    assert denied(stack, role, action).search(result.text), result.text


def test_only_some_kinds_of_items_may_be_deleted(stack: IamStack) -> None:
    """ministack has no dynamodb:LeadingKeys, so the policies themselves are compared.

    On AWS every DeleteItem has that key: the partition key of its item.
    """
    found = [
        (role, statement["Sid"], statement.get("Condition"))
        for role in ROLES
        for statement in stack.statements(role)
        if "dynamodb:DeleteItem" in statement["Action"]
    ]

    def only(*partitions: str) -> dict[str, dict[str, list[str]]]:
        return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [*partitions]}}

    assert found == [
        ("windowing", "DeferRows", only("deferred#*")),
        ("sweeper", "RecheckUnreadable", only("deferred#*", "unreadable#*")),
        *((role, "DeletePackItems", only("prefetched#*")) for role in ("collage", "prefetch")),
    ]


def test_the_collage_function_reads_the_items_of_batches_and_runs_only(stack: IamStack) -> None:
    """As above; on AWS every GetItem has the key."""
    found = [
        (statement["Sid"], statement.get("Condition"))
        for statement in stack.statements("collage")
        if "dynamodb:GetItem" in statement["Action"]
    ]
    these = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["batch#*", "runs#"]}}
    assert found == [("ReadSources", these)]


def test_only_our_rules_may_send_to_our_queues(stack: IamStack) -> None:
    """ministack delivers to a queue without a check, so the policies themselves are compared."""
    outputs = stack.outputs
    drained = outputs.window_rule_arn.replace("window-ready", "batch-drained")
    expiring = outputs.window_rule_arn.replace("window-ready", "covers-expiring")
    uploaded = re.sub(r"rule/.*", f"rule/coverstream-{outputs.stack}-csv-uploaded", drained)
    photo, photos = uploaded.replace("csv-uploaded", "photo-changed"), outputs.photos
    assert photos is not None
    senders = {
        outputs.collage_queue_url: [outputs.window_rule_arn],
        outputs.dead_letter_urls["window-rule"]: [outputs.window_rule_arn],
        outputs.dead_letter_urls["sweeper"]: [drained],
        outputs.dead_letter_urls["collage"]: [],
        outputs.prefetch_queue_url: [expiring],
        outputs.dead_letter_urls["prefetch"]: [expiring],
        outputs.request_queue_url: [uploaded],
        outputs.dead_letter_urls["intake"]: [uploaded],
        photos.queue_url: [photo],
        photos.dead_letters_url: [photo],
        photos.backfill_queue_url: [],
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


def test_only_our_rule_may_invoke_the_sweeper_and_no_other_principal_any_function(
    stack: IamStack,
) -> None:
    """ministack invokes a rule's function without a check, so the policies are compared."""
    (statement,) = who_may_invoke(stack, stack.outputs.sweeper_function)
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    rule = stack.outputs.window_rule_arn.replace("window-ready", "batch-drained")
    assert statement["Condition"]["ArnLike"]["AWS:SourceArn"] == rule
    for function in ("windowing", "collage", "prefetch", "intake", "photos"):
        assert who_may_invoke(stack, stack.function_name(function)) == []


def test_only_the_distribution_may_invoke_the_function_of_upload_links(stack: IamStack) -> None:
    photos = stack.outputs.photos
    assert photos is not None
    statements = who_may_invoke(stack, photos.links_function)
    assert {each["Action"] for each in statements} == {
        "lambda:InvokeFunctionUrl",
        "lambda:InvokeFunction",
    }
    for each in statements:
        assert each["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        source = each["Condition"]["ArnLike"]["AWS:SourceArn"]
        assert source.endswith(f"distribution/{photos.distribution_id}")


def who_may_invoke(stack: IamStack, function: str) -> list[dict[str, Any]]:
    """Return the statements of a function's own policy; ministack has an empty one for none."""
    policy = stack.aws.clients.functions.get_policy(FunctionName=function)["Policy"]
    statements: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return statements


def test_an_operator_works_with_the_documented_rights_and_is_told_which_one_is_missing(
    stack: IamStack, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other commands are in `test_people_rights`."""
    act = RunAs(People(stack.aws, stack.outputs.stack), commands, monkeypatch)
    for line in ("status", "windows"):
        done = act("operator", f"ops-dashboard {line}")
        assert done.code == 0, done
    denied = act("operator", "ops-dashboard windows", without="dynamodb:Query")
    assert denied.code == 2
    assert denied.err.startswith("ops-dashboard: AWS: you lack the right dynamodb:Query (docs/")
    assert denied.err.count("\n") == 1
