"""`ops-dashboard smoke` passes on a stack that works, and says what is broken in one that does not.

One deployment for all: each test repairs what it broke, except the last one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from ops_dashboard.cli import app as ops_app
from ops_dashboard.erase.bucket import Bucket
from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.local.samples.cover_server import CoverServer
from stream_ingest.aws.items import from_wire
from stream_ingest.contracts import environment, table
from tests.end_to_end.breakages import Checked, disabled_schedule
from tests.end_to_end.pipeline import Pipeline
from tests.end_to_end.waiting import wait_for

LIMIT_S = 6
PATIENT_S = 40
"""For a step that fails as soon as the function has started with other variables."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """A deployment that is broken again and again.

    It has no schedule, because a sweep each minute ends batches without the rule that should.
    """
    with pytest.MonkeyPatch.context() as patch, CoverServer() as covers:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        with LocalAws.start() as aws:
            outputs = aws.deploy()
            with disabled_schedule(Checked(aws, outputs)):
                yield Pipeline(aws, outputs, covers, covers, covers)


def smoke(own: Pipeline, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run it; return its exit code and its report."""
    done = own.here(ops_app, "smoke", "--json", *arguments)
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return done.exit_code, report


def remains(own: Pipeline) -> list[str]:
    """Return what is stored of smoke tests, except what remains of erased creators."""
    pages = own.aws.clients.dynamodb.get_paginator("scan").paginate(
        TableName=own.outputs.table_name
    )
    items = [from_wire(item) for page in pages for item in page["Items"]]
    found = [
        f"{item[table.PARTITION_KEY]} {item[table.SORT_KEY]}"
        for item in items
        if not (item[table.SORT_KEY] == table.STATE and "erased_at" in item)
        and table.BARRED not in item
        and item[table.PARTITION_KEY] != table.NUMBERING_PARTITION
    ]
    for bucket in (own.outputs.output_bucket, own.outputs.temp_bucket):
        found += [version.key for version in Bucket(own.aws.clients.s3, bucket).versions()]
    return found


def test_a_stack_that_works_passes_and_nothing_is_left(own: Pipeline) -> None:
    code, report = smoke(own)
    assert (code, report["ok"]) == (0, True), report
    assert [step["step"] for step in report["steps"]] == [
        "covers",
        "push",
        "windowing",
        "collage",
        "batch end",
        "cells",
        "replay",
        "clean up",
    ]
    assert remains(own) == []
    assert own.ops("status") == []
    assert own.ops("creators")["creators"] == []


def set_mapping(own: Pipeline, function: str, *, enabled: bool) -> None:
    """Switch what feeds a function, and wait until it is."""
    client = own.aws.clients.functions
    (found,) = client.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=found["UUID"], Enabled=enabled)
    wanted = "Enabled" if enabled else "Disabled"

    def is_set() -> bool:
        return bool(client.get_event_source_mapping(UUID=found["UUID"])["State"] == wanted)

    wait_for(is_set, f"the mapping is not {wanted}", 30)


@contextmanager
def mapping_off(own: Pipeline, function: str) -> Iterator[None]:
    set_mapping(own, function, enabled=False)
    yield
    set_mapping(own, function, enabled=True)


@contextmanager
def rule_off(own: Pipeline, word: str) -> Iterator[None]:
    """Disable the rule of the bus whose pattern has a word."""
    events, bus = own.aws.clients.events, own.outputs.bus_name
    (name,) = [
        rule["Name"]
        for rule in events.list_rules(EventBusName=bus)["Rules"]
        if word in rule.get("EventPattern", "")
    ]
    events.disable_rule(Name=name, EventBusName=bus)
    yield
    events.enable_rule(Name=name, EventBusName=bus)


@contextmanager
def no_output_bucket(own: Pipeline) -> Iterator[None]:
    s3, name = own.aws.clients.s3, own.outputs.output_bucket
    bucket = Bucket(s3, name)
    bucket.delete(bucket.versions())
    s3.delete_bucket(Bucket=name)
    yield
    s3.create_bucket(Bucket=name)


@contextmanager
def no_sources(own: Pipeline) -> Iterator[None]:
    """Let the collage function fetch from public addresses only."""
    client, name = own.aws.clients.functions, own.outputs.collage_function
    before = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    without = {**before, environment.ALLOWED_SOURCES: ""}
    client.update_function_configuration(FunctionName=name, Environment={"Variables": without})
    yield
    client.update_function_configuration(FunctionName=name, Environment={"Variables": before})


@contextmanager
def no_collage_function(own: Pipeline) -> Iterator[None]:
    own.aws.clients.functions.delete_function(FunctionName=own.outputs.collage_function)
    yield


Broken = Callable[[Pipeline], AbstractContextManager[None]]
BROKEN: dict[str, tuple[Broken, str, str]] = {
    "the stream's mapping": (
        lambda own: mapping_off(own, own.outputs.windowing_function),
        "windowing",
        "coverstream-dev-windowing is Disabled",
    ),
    "the rule that feeds the collage queue": (
        lambda own: rule_off(own, "WindowReady"),
        "collage",
        "is DISABLED",
    ),
    "the collage queue's mapping": (
        lambda own: mapping_off(own, own.outputs.collage_function),
        "collage",
        "coverstream-dev-collage is Disabled",
    ),
    "the rule that calls the sweeper": (
        lambda own: rule_off(own, "BatchDrained"),
        "batch end",
        "is DISABLED",
    ),
    "the way to the covers": (no_sources, "collage", "3 blocked_address"),
    "the output bucket": (no_output_bucket, "collage", "does not exist"),
    "the collage function": (
        no_collage_function,
        "collage",
        "coverstream-dev-collage does not exist",
    ),
}


IN_SHORT = 4
"""So many are tried by `make test`, all by `make test-slow`."""


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(what, marks=[pytest.mark.slow] if number >= IN_SHORT else [])
        for number, what in enumerate(BROKEN)
    ],
)
def test_it_fails_and_says_what_is_broken(own: Pipeline, what: str) -> None:
    broken, step, words = BROKEN[what]
    with broken(own):
        limit_s = PATIENT_S if broken is no_sources else LIMIT_S
        code, report = smoke(own, "--timeout", str(limit_s))
    failed = [each for each in report["steps"] if not each["ok"]]
    assert (code, [each["step"] for each in failed]) == (1, [step]), report
    assert words in failed[0]["found"]
    assert failed[0]["expected"]
    assert failed[0]["next"]
    assert remains(own) == []
