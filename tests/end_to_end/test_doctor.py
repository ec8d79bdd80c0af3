"""`ops-dashboard doctor` on a stack that is broken in one way after the other, and mended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ops_dashboard.doctor.command import stack_findings
from ops_dashboard.doctor.findings import Finding, State
from ops_dashboard.doctor.stack import CHECKS
from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.local.samples.cover_server import CoverServer
from stream_ingest.aws import clients
from tests.end_to_end import breakages, work_breakages
from tests.end_to_end.breakages import Breakage, Checked
from tests.fakes.command_line import Commands

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

WRONG, NOTE = State.WRONG, State.NOTE
BROKEN: list[tuple[Breakage, str, State, str]] = [
    (breakages.unencrypted_stream, "stream", WRONG, "is not encrypted"),
    (breakages.no_expiry, "table", WRONG, "is without expiry of items"),
    (breakages.silent_bucket, "buckets", WRONG, "does not announce uploads"),
    (breakages.no_versions, "buckets", WRONG, "does not keep versions"),
    (breakages.no_lifecycle, "buckets", WRONG, "without the lifecycle rules abort-incomplete-"),
    (breakages.disabled_key, "key", WRONG, "alias/coverstream-dev is disabled"),
    (breakages.no_redrive, "queues", WRONG, "coverstream-dev-prefetch has the dead-letter queue n"),
    (breakages.deleted_queue, "queues", WRONG, "coverstream-dev-sweeper-dead-letters does not ex"),
    (breakages.disabled_rule, "rules", WRONG, "rule coverstream-dev-csv-uploaded is DISABLED"),
    (breakages.no_target, "rules", WRONG, "coverstream-dev-window-ready sends to nothing"),
    (breakages.one_target, "rules", WRONG, "sends to coverstream-dev-webhook, not to coverstream-"),
    (breakages.shorter_archive, "archive", WRONG, "stores events for 1 days instead of 30"),
    (breakages.disabled_schedule, "schedule", WRONG, "coverstream-dev-sweeper is DISABLED"),
    (breakages.deleted_function, "functions", WRONG, "coverstream-dev-prefetch does not exist"),
    (breakages.throttled_function, "functions", WRONG, "coverstream-dev-windowing is throttled"),
    (breakages.disabled_mapping, "mappings", WRONG, "mapping of coverstream-dev-intake is Disabl"),
    (breakages.deleted_mapping, "mappings", WRONG, "coverstream-dev-collage is not invoked for"),
    (breakages.reserved_for_others, "quota", WRONG, "need unreserved concurrency"),
    (breakages.endless_logs, "log groups", WRONG, "stores lines for ever instead of"),
    (work_breakages.raised_alarm, "alarms", WRONG, "in alarm: poison"),
    (breakages.hasty_mapping, "mappings", WRONG, "windowing has MaximumRetryAttempts 2 instead of"),
    (
        work_breakages.deleted_topic,
        "notices",
        WRONG,
        "-dev-alarms does not exist, so nobody",
    ),
    (
        work_breakages.unsubscribed,
        "notices",
        WRONG,
        "you@example.com is not subscribed to",
    ),
    (work_breakages.silent_alarm, "alarms", WRONG, "without the alarms' topic: poison"),
    (work_breakages.lost_batch, "batches", NOTE, "sending for over a day: lost-push"),
    (work_breakages.stopped_job, "files", WRONG, "jobs stand still: stopped (s3://"),
    (work_breakages.unreadable_item, "items", WRONG, "1 cannot be read: charli"),
    (work_breakages.dead_letter, "dead letters", NOTE, "1 intake"),
    (work_breakages.lost_notification, "dead letters", NOTE, "1 notification"),
    (work_breakages.discarded_delivery, "dead letters", NOTE, "1 stream"),
    (breakages.earlier_release, "parts", NOTE, "does not list its parts"),
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checked]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        covers = CoverServer()
        with covers, LocalAws.start() as aws:
            settings = {
                "kmsKey": True,
                "notifyEmails": ["you@example.com"],
                "notifyWebhookUrl": "https://hooks.example.com/",
            }
            outputs = aws.deploy(allowed_sources=[covers.address], settings=settings)
            for name, value in aws.environment().items():
                patch.setenv(name, value)
            yield Checked(aws, outputs)


def examine() -> dict[str, Finding]:
    return {each.check: each for each in stack_findings(clients.session(), "dev")}


def states(found: dict[str, Finding]) -> dict[str, str]:
    """Return the findings that are not good."""
    return {name: each.found for name, each in found.items() if each.state is not State.OK}


def test_a_healthy_stack_passes_every_check(stack: Checked) -> None:
    assert stack.outputs.stack == "dev"
    found = examine()
    assert states(found) == {}
    assert set(found) == {"credentials", "clock", "stack", "release", "parts", *CHECKS}


@pytest.mark.parametrize(
    ("breakage", "check", "state", "text"), BROKEN, ids=lambda value: getattr(value, "__name__", "")
)
def test_what_is_broken_is_found_until_it_is_mended(
    stack: Checked, breakage: Breakage, check: str, state: State, text: str
) -> None:
    with breakage(stack):
        found = examine()[check]
        assert (found.state, text in found.found) == (state, True), found
        assert found.do
    assert examine()[check].state is State.OK


def test_each_check_is_broken_once() -> None:
    broken = {check for _, check, _, _ in BROKEN}
    # The next test; `tests/ops_dashboard`; `test_photos_operating`.
    assert set(CHECKS) - broken == {"memory", "network", "photos", "cdn"}


def test_a_function_that_used_almost_all_of_its_memory_is_found(stack: Checked) -> None:
    stack("cloudwatch").put_metric_data(
        Namespace="Coverstream/dev",
        MetricData=[
            {
                "MetricName": "MemoryPercent",
                "Dimensions": [{"Name": "service", "Value": "collage"}],
                "Timestamp": datetime.now(UTC),
                "Value": 97.0,
            }
        ],
    )
    found = examine()["memory"]
    assert (found.state, found.found) == (
        State.WRONG,
        "collage used 97 % of 1,769 MB within 3 days",
    )


def test_the_command_says_what_is_wrong_first_and_exits_1(
    stack: Checked, commands: Commands
) -> None:
    with breakages.deleted_function(stack):
        done = commands.run("ops-dashboard", "doctor")
        assert done.code == 1
        first = done.out.splitlines()[0]
        assert first.split()[:2] == ["wrong", "functions"]
        assert "coverstream-dev-prefetch does not exist" in first
        report: dict[str, Any] = json.loads(commands.run("ops-dashboard", "doctor", "--json").out)
        assert report["ok"] is False
