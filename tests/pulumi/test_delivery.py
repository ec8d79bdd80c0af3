from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.pulumi.conftest import Deploy
    from tests.pulumi.recorder import Recorder

FORTNIGHT_S = 14 * 86_400
QUEUES = [
    "collage",
    "collage-dead-letters",
    "window-rule-dead-letters",
    "sweeper-dead-letters",
    "prefetch",
    "prefetch-dead-letters",
]


def senders(recorder: Recorder, queue: str) -> list[dict[str, Any]]:
    statements = recorder.one("QueuePolicy", queue).document("policy")["Statement"]
    return [statement for statement in statements if statement["Effect"] == "Allow"]


def test_the_archive_keeps_window_ready_and_nothing_else(prod: Recorder) -> None:
    archive = prod.one("EventArchive", "bus")
    assert archive.inputs["eventSourceArn"] == "arn:EventBus:bus"
    assert archive.document("eventPattern") == {
        "source": ["coverstream.windowing", "coverstream.sweeper"],
        "detail-type": ["WindowReady"],
    }
    assert archive.inputs["retentionDays"] == 90


def test_windows_go_from_the_bus_to_the_queue(dev: Recorder) -> None:
    rule, target = dev.one("EventRule", "window-ready"), dev.one("EventTarget", "window-ready")
    assert rule.inputs["eventBusName"] == target.inputs["eventBusName"] == "coverstream-dev"
    assert rule.document("eventPattern") == {
        "source": ["coverstream.windowing", "coverstream.sweeper"],
        "detail-type": ["WindowReady"],
    }
    assert target.inputs["arn"] == "arn:Queue:collage"


def test_up_to_five_windows_are_built_by_one_invocation_which_waits_for_none(dev: Recorder) -> None:
    mapping = dev.one("EventSourceMapping", "collage").inputs
    assert mapping["eventSourceArn"] == "arn:Queue:collage"
    assert mapping["batchSize"] == 5
    assert "maximumBatchingWindowInSeconds" not in mapping
    assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]


def test_windows_share_no_invocation_if_their_messages_have_too_few_receipts(
    deploy: Deploy,
) -> None:
    mapping = deploy("dev", collageMaxReceives=2).one("EventSourceMapping", "collage").inputs
    assert mapping["batchSize"] == 1


def test_covers_about_to_expire_go_to_their_own_queue(dev: Recorder) -> None:
    rule, target = (
        dev.one("EventRule", "covers-expiring"),
        dev.one("EventTarget", "covers-expiring"),
    )
    assert rule.document("eventPattern") == {
        "source": ["coverstream.sweeper"],
        "detail-type": ["CoversExpiring"],
    }
    assert target.inputs["arn"] == "arn:Queue:prefetch"
    mapping = dev.one("EventSourceMapping", "prefetch").inputs
    assert mapping["eventSourceArn"] == "arn:Queue:prefetch"
    assert mapping["batchSize"] == 1
    assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_stack_may_close_windows_instead_of_prefetching_covers(
    dev: Recorder, changed: Recorder
) -> None:
    for recorder, value in ((dev, "on"), (changed, "off")):
        for name in ("windowing", "sweeper"):
            variables = recorder.one("Function", name).inputs["environment"]["variables"]
            assert variables["COVERSTREAM_PREFETCH_COVERS"] == value


@pytest.mark.parametrize(
    ("target", "dead_letters"),
    [
        ("window-ready", "window-rule-dead-letters"),
        ("batch-drained", "sweeper-dead-letters"),
        ("covers-expiring", "prefetch-dead-letters"),
    ],
)
def test_undeliverable_events_become_dead_letters(
    dev: Recorder, target: str, dead_letters: str
) -> None:
    inputs = dev.one("EventTarget", target).inputs
    assert inputs["deadLetterConfig"] == {"arn": f"arn:Queue:{dead_letters}"}
    assert inputs["retryPolicy"] == {
        "maximumEventAgeInSeconds": 86_400,
        "maximumRetryAttempts": 185,
    }


@pytest.mark.parametrize("queue", QUEUES)
def test_every_queue_is_encrypted_tls_only_and_keeps_a_fortnight(dev: Recorder, queue: str) -> None:
    inputs = dev.one("Queue", queue).inputs
    assert inputs["sqsManagedSseEnabled"] is True
    assert inputs["messageRetentionSeconds"] == FORTNIGHT_S
    policy = dev.one("QueuePolicy", queue)
    assert policy.inputs["queueUrl"] == f"https://Queue/{queue}"
    deny = policy.document("policy")["Statement"][0]
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "sqs:*")
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(
    ("queue", "rule"),
    [
        ("collage", "window-ready"),
        ("window-rule-dead-letters", "window-ready"),
        ("sweeper-dead-letters", "batch-drained"),
    ],
)
def test_only_its_own_rule_may_send_to_a_queue(dev: Recorder, queue: str, rule: str) -> None:
    (statement,) = senders(dev, queue)
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Action"] == "sqs:SendMessage"
    assert statement["Resource"] == [f"arn:Queue:{queue}"]
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": [f"arn:EventRule:{rule}"]}}


def test_only_sqs_itself_fills_the_collage_dead_letters(dev: Recorder) -> None:
    assert senders(dev, "collage-dead-letters") == []
    allow = dev.one("RedriveAllowPolicy", "collage-dead-letters").document("redriveAllowPolicy")
    assert allow == {"redrivePermission": "byQueue", "sourceQueueArns": ["arn:Queue:collage"]}


def test_a_window_is_a_dead_letter_after_three_receipts(dev: Recorder) -> None:
    assert dev.one("Queue", "collage").document("redrivePolicy") == {
        "deadLetterTargetArn": "arn:Queue:collage-dead-letters",
        "maxReceiveCount": 3,
    }


def test_a_message_stays_hidden_for_six_timeouts(dev: Recorder, changed: Recorder) -> None:
    for recorder, timeout_s in ((dev, 120), (changed, 900)):
        assert recorder.one("Function", "collage").inputs["timeout"] == timeout_s
        assert recorder.one("Queue", "collage").inputs["visibilityTimeoutSeconds"] >= 6 * timeout_s


def test_events_are_routed_once_their_queues_accept_them(dev: Recorder) -> None:
    """EventBridge does not try again what a queue refuses."""
    for rule, queues in (
        ("window-ready", ("collage", "window-rule-dead-letters")),
        ("covers-expiring", ("prefetch", "prefetch-dead-letters")),
    ):
        assert dev.after["EventTarget", rule] >= {("QueuePolicy", name) for name in queues}
