from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stream_ingest.contracts import stack_parts
from stream_ingest.contracts.stack_parts import MappingPart, StackParts
from tests.pulumi.conftest import Deploy

if TYPE_CHECKING:
    from tests.pulumi.recorder import Recorder

STANDARD_CHARS = 4_096
"""Maximum length of a standard parameter of SSM, which is free of charge."""
KINDS = {
    "functions": "Function",
    "mappings": "EventSourceMapping",
    "queues": "Queue",
    "rules": "EventRule",
    "schedules": "Schedule",
    "archives": "EventArchive",
    "log_groups": "LogGroup",
    "buckets": "Bucket",
    "tables": "Table",
    "streams": "Stream",
    "topics": "Topic",
}


def parts_of(recorder: Recorder) -> StackParts:
    return stack_parts.from_wire(recorder.one("Parameter", "parts").inputs["value"])


def windowing_of(parts: StackParts) -> MappingPart:
    (found,) = (each for each in parts.mappings if each.name.endswith("-windowing"))
    return found


@pytest.mark.parametrize("stack", ["dev", "prod", "changed"])
def test_the_parts_are_all_resources_of_the_program(
    request: pytest.FixtureRequest, stack: str
) -> None:
    recorder: Recorder = request.getfixturevalue(stack)
    parameter = recorder.one("Parameter", "parts").inputs
    assert parameter["name"] == f"/coverstream/{'dev' if stack == 'changed' else stack}/parts"
    assert len(parameter["value"]) < STANDARD_CHARS
    parts = parts_of(recorder)
    for field, kind in KINDS.items():
        keys = {"Bucket": "bucket", "EventSourceMapping": "functionName"}
        names = [each.inputs[keys.get(kind, "name")] for each in recorder.all(kind)]
        assert sorted(each.name for each in getattr(parts, field)) == sorted(names)
    alarms = [each.inputs["name"] for each in recorder.all("MetricAlarm")]
    assert sorted(parts.alarm_prefix + name for name in parts.alarms) == sorted(alarms)


def test_parts_have_what_the_program_sets(dev: Recorder, changed: Recorder, prod: Recorder) -> None:
    parts = parts_of(dev)
    assert {each.name: each.memory_mb for each in parts.functions}["coverstream-dev-collage"] == (
        1_769
    )
    mapping = windowing_of(parts)
    assert (mapping.source, mapping.on_failure) == ("rows", "output")
    assert windowing_of(parts_of(changed)).on_failure == "temp"
    assert windowing_of(parts_of(prod)).parallelization == 4
    by_name = {each.name: each for each in parts.queues}
    queue = by_name["coverstream-dev-intake"]
    assert (queue.dead_letters, queue.max_receives) == ("intake-dead-letters", 3)
    assert not by_name["coverstream-dev-intake-dead-letters"].dead_letters
    rules = {each.name.removeprefix(parts.alarm_prefix): each for each in parts.rules}
    ready, dropped = rules["window-ready"], rules["csv-uploaded"]
    assert ready.targets == {"collage": "window-rule-dead-letters"}
    assert (dropped.bus, list(dropped.targets)) == ("default", ["intake"])
    uploaded = dev.one("EventRule", "csv-uploaded").inputs["eventPattern"]
    assert dropped.pattern == stack_parts.pattern_digest(uploaded)
    assert [each.rate for each in parts.schedules] == ["rate(1 minute)"]
    buckets = {each.name.split("-")[2]: each for each in parts.buckets}
    assert {name: (each.versioned, each.events) for name, each in buckets.items()} == {
        "input": (True, True),
        "output": (True, False),
        "temp": (False, False),
    }
    assert "expire-originals" in buckets["temp"].rules
    assert [each.protected for each in parts_of(prod).tables] == [True]
    assert parts.key_aliases == ()


def test_the_key_and_the_bucket_of_logs_are_parts(deploy: Deploy) -> None:
    parts = parts_of(deploy("dev", kmsKey=True, accessLogs=True))
    assert parts.key_aliases == ("alias/coverstream-dev",)
    (logs,) = (each for each in parts.buckets if "-logs-" in each.name)
    assert logs.rules == (
        "abort-incomplete-uploads",
        "expire-access",
        "expire-AWSLogs",
    )


def test_the_origins_whose_pages_may_upload_are_parts(deploy: Deploy) -> None:
    own = "https://upload.example.com"
    parts = parts_of(deploy("dev", photos=True, photosCorsOrigins=[own]))
    origins = {each.name.split("-")[2]: each.origins for each in parts.buckets if each.origins}
    assert origins == {"uploads": (own,)}
