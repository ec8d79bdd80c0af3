"""Who is notified of what: rules, templates and rights of a stack's notifications."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from components.operations.notices import (
    ALARM_PATHS,
    NOTICES,
    Notice,
    alarm_json,
    alarm_pattern,
)
from settings import Settings, SettingsError
from stack_config import read_settings

import pulumi
from stream_ingest.contracts.events import REDRIVE_SOURCE, BatchCompleted, Source, encode_detail
from stream_ingest.contracts.stack_outputs import StackOutputs

if TYPE_CHECKING:
    from conftest import Deploy

    from tests.pulumi.recorder import Recorder

DONE = BatchCompleted(
    batch_id="2026-11",
    trigger="mysql-push",
    rows_read=2_010,
    rows_accepted=2_000,
    refused={"duplicate": 10},
    windows=60,
    collages=59,
    images_ok=1_990,
    images_failed=10,
)
ENDED = {
    "batch-done": DONE,
    "batch-incomplete": msgspec.structs.replace(DONE, marks_missing=2),
    "batch-abandoned": msgspec.structs.replace(
        DONE, abandoned_at=datetime(2026, 11, 2, tzinfo=UTC)
    ),
    "file-rejected": msgspec.structs.replace(DONE, rejected='no column "url" in line 1'),
}
BOTH_LEFT = msgspec.structs.replace(ENDED["batch-abandoned"], marks_missing=1)
EMAILS = ["you@example.com", "ops@example.com"]
URL = "https://hooks.example.com/services/T0?x=1"


def stack_outputs_of(stack: Recorder) -> StackOutputs:
    value = stack.one("Parameter", "directory").inputs["value"]
    return msgspec.json.decode(value, type=StackOutputs)


def event(detail: BatchCompleted) -> dict[str, Any]:
    """Return an event as EventBridge delivers it."""
    return {
        "source": Source.SWEEPER,
        "detail-type": BatchCompleted.detail_type(),
        "detail": json.loads(encode_detail(detail)),
    }


def matches(notice: Notice, detail: BatchCompleted) -> bool:
    """Return whether a rule matches, for the forms of patterns that the notices use."""
    pattern, one = notice.pattern, event(detail)
    exists = all(
        (name in one["detail"]) == expected["exists"]
        for name, (expected,) in pattern["detail"].items()
    )
    return exists and all(one[key] in pattern[key] for key in ("source", "detail-type"))


def rendered(template: str, paths: dict[str, str], one: dict[str, Any]) -> str:
    """Return what EventBridge makes of a template; it does not escape values."""

    def value(found: re.Match[str]) -> str:
        at: Any = one
        for part in paths[found[1]].removeprefix("$.").split("."):
            at = at[part]
        return at if isinstance(at, str) else json.dumps(at)

    return re.sub(r"<(\w+)>", value, template)


@pytest.mark.parametrize(
    ("detail", "expected"),
    [*((detail, name) for name, detail in ENDED.items()), (BOTH_LEFT, "batch-abandoned")],
    ids=[*ENDED, "abandoned-and-incomplete"],
)
def test_every_end_of_a_batch_is_one_notice(detail: BatchCompleted, expected: str) -> None:
    assert [notice.name for notice in NOTICES if matches(notice, detail)] == [expected]


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.name)
def test_a_mail_names_the_batch_and_where_to_look(notice: Notice) -> None:
    text = json.loads(rendered(notice.mail("dev"), notice.paths(), event(ENDED[notice.name])))
    assert text.startswith("Coverstream dev: ")
    assert text.endswith("See: ops-dashboard status --batch 2026-11 --stack dev")
    assert "<" not in text


def test_a_mail_says_what_became_of_a_batch() -> None:
    by_name = {notice.name: notice for notice in NOTICES}
    done, incomplete = by_name["batch-done"], by_name["batch-incomplete"]
    text = rendered(done.mail("dev"), done.paths(), event(DONE))
    assert "59 collages of 60 windows; 1990 images shown, 10 cells empty" in text
    assert "2000 of 2010 rows accepted" in text
    text = rendered(incomplete.mail("dev"), incomplete.paths(), event(ENDED["batch-incomplete"]))
    assert "without 2 of its end marks" in text


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.name)
def test_a_webhook_gets_json_with_the_text_and_the_detail(notice: Notice) -> None:
    """A reason with quotes does not break it: it is in the detail, which EventBridge encodes."""
    one = event(ENDED[notice.name])
    body = json.loads(rendered(notice.json("dev"), notice.json_paths(), one))
    assert body["text"].startswith("Coverstream dev: ")
    assert body["stack"] == "dev"
    assert body["notice"] == notice.name
    assert body["batch_id"] == "2026-11"
    assert body["detail"] == one["detail"]


def test_a_webhook_gets_an_alarm_with_its_detail() -> None:
    one = {"detail": {"alarmName": "coverstream-dev-poison", "state": {"value": "ALARM"}}}
    body = json.loads(rendered(alarm_json("dev"), ALARM_PATHS, one))
    assert body["text"] == (
        "Coverstream dev: alarm coverstream-dev-poison is ALARM."
        " See: ops-dashboard doctor --stack dev"
    )
    assert body["detail"] == one["detail"]


def test_a_rule_for_all_alarms_fits_eventbridge() -> None:
    """EventBridge takes patterns of 4,096 characters; stacks have names of 18 at most."""
    names = [f"coverstream-{'s' * 18}-{'x' * 28}" for _ in range(50)]
    assert len(json.dumps(alarm_pattern(names))) < 4_096


def test_nobody_is_notified_unless_the_settings_name_somebody(dev: Recorder) -> None:
    kinds = ("TopicSubscription", "TopicPolicy", "EventConnection", "EventApiDestination")
    assert not [one for kind in kinds for one in dev.all(kind)]
    assert not [one for one in dev.all("Queue") if "notification" in one.name]


@pytest.fixture(scope="module")
def notifying(deploy: Deploy) -> Recorder:
    return deploy("dev", notifyEmails=EMAILS, notifyWebhookUrl=URL, notifyWebhookSecret="s3cret")


def test_addresses_get_notices_and_alarms(notifying: Recorder) -> None:
    found = {
        (one.inputs["topic"], one.inputs["endpoint"]) for one in notifying.all("TopicSubscription")
    }
    topics = ("arn:Topic:monitoring", "arn:Topic:notices")
    assert found == {(topic, address) for topic in topics for address in EMAILS}
    policy = notifying.one("TopicPolicy", "notices").document("policy")
    allowed, denied = policy["Statement"]
    assert allowed["Condition"]["ArnEquals"]["aws:SourceArn"] == [
        f"arn:EventRule:{notice.name}" for notice in NOTICES
    ]
    assert denied["Effect"] == "Deny"


def test_every_notice_goes_to_both_with_retries_and_a_dead_letter_queue(
    notifying: Recorder,
) -> None:
    targets = {one.name: one.inputs for one in notifying.all("EventTarget")}
    mine = {name: one for name, one in targets.items() if name.endswith(("-mail", "-webhook"))}
    assert set(mine) == {
        *(f"{notice.name}-{kind}" for notice in NOTICES for kind in ("mail", "webhook")),
        "alarm-webhook",
    }
    for name, one in mine.items():
        assert one["deadLetterConfig"] == {"arn": "arn:Queue:notification-dead-letters"}
        assert one["retryPolicy"]["maximumEventAgeInSeconds"] == 86_400
        assert ("roleArn" in one) == name.endswith("-webhook")
        assert len(one["inputTransformer"]["inputTemplate"]) <= 8_192
        assert len(one["inputTransformer"]["inputPaths"]) <= 100


def test_the_webhook_is_called_with_the_secret_and_no_faster_than_set(notifying: Recorder) -> None:
    connection = notifying.one("EventConnection", "webhook").inputs
    assert connection["authParameters"]["apiKey"] == {"key": "Authorization", "value": "s3cret"}
    destination = notifying.one("EventApiDestination", "webhook").inputs
    assert destination["invocationEndpoint"] == URL
    assert destination["invocationRateLimitPerSecond"] == 1
    (right,) = notifying.one("RolePolicy", "webhook").document("policy")["Statement"]
    assert right["Action"] == ["events:InvokeApiDestination"]
    assert right["Resource"] == ["arn:EventApiDestination:webhook"]


def test_the_queue_of_what_was_not_delivered_is_watched_and_known_to_commands(
    dev: Recorder, notifying: Recorder
) -> None:
    alarm = notifying.one("MetricAlarm", "notification-dead-letters").inputs
    assert alarm["dimensions"] == {"QueueName": "coverstream-dev-notification-dead-letters"}
    (body,) = [one.document("dashboardBody") for one in notifying.all("Dashboard")]
    assert "coverstream-dev-notification-dead-letters" in json.dumps(body)
    outputs = {
        name: stack_outputs_of(stack) for name, stack in (("with", notifying), ("without", dev))
    }
    assert outputs["with"].dead_letter_queues["notification"] == (
        outputs["with"].notification_dead_letters_url
    )
    assert "notification" not in outputs["with"].dead_letter_urls  # early commands would redrive
    assert "notification" not in outputs["without"].dead_letter_queues
    assert not [one for one in dev.all("MetricAlarm") if "notification" in one.name]


def test_topics_are_encrypted_with_the_key_and_else_not_at_all(
    dev: Recorder, deploy: Deploy
) -> None:
    """CloudWatch may not use the key that AWS manages for SNS."""
    notifying = deploy("dev", kmsKey=True, notifyEmails=["you@example.com"])
    key = "arn:Key:encryption"
    keys = {topic.name: topic.inputs["kmsMasterKeyId"] for topic in notifying.all("Topic")}
    assert keys == {"monitoring": key, "notices": key}
    assert notifying.one("Queue", "notification-dead-letters").inputs["kmsMasterKeyId"] == key
    assert "kmsMasterKeyId" not in dev.one("Topic", "monitoring").inputs


def test_a_redriven_event_is_matched_by_notifications_only(notifying: Recorder) -> None:
    matching = {
        rule.name
        for rule in notifying.all("EventRule")
        if REDRIVE_SOURCE in rule.document("eventPattern").get("source", ())
    }
    assert matching == {*(notice.name for notice in NOTICES), "alarm-changed"}


@pytest.mark.parametrize(
    ("subjects", "rules"),
    [
        (["alarms"], {"alarm-changed"}),
        (["batches"], {"batch-done", "batch-incomplete", "batch-abandoned"}),
        (["rejected-files"], {"file-rejected"}),
    ],
)
def test_only_what_is_asked_for_is_sent(
    deploy: Deploy, subjects: list[str], rules: set[str]
) -> None:
    stack = deploy("dev", notifyEmails=EMAILS, notifyWebhookUrl=URL, notifyOf=subjects)
    names = {notice.name for notice in NOTICES} | {"alarm-changed"}
    assert {one.name for one in stack.all("EventRule")} & names == rules
    key = stack.one("EventConnection", "webhook").inputs["authParameters"]["apiKey"]
    assert key == {"key": "X-Coverstream-Stack", "value": "coverstream-dev"}


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"notifyEmails": '["you"]'}, "expected e-mail addresses"),
        ({"notifyEmails": '["you@example"]'}, "expected e-mail addresses"),
        ({"notifyEmails": '["You <you@example.com>"]'}, "expected e-mail addresses"),
        ({"notifyEmails": "you@example.com"}, "notifyEmails"),
        ({"notifyWebhookUrl": "http://example.com/"}, "expected a URL with https://"),
        ({"notifyWebhookUrl": "https://me:pw@example.com/"}, "expected a URL with https://"),
        ({"notifyWebhookUrl": "https://exa mple.com/"}, "expected a URL with https://"),
        ({"notifyWebhookUrl": "hooks.example.com"}, "expected a URL with https://"),
        ({"notifyWebhookHeader": "X Key"}, "expected the name of an HTTP header"),
        ({"notifyWebhookHeader": "Host"}, "which EventBridge sets itself"),
        ({"notifyWebhookSecret": "x"}, "without notifyWebhookUrl"),
        ({"notifyWebhookPerSecond": "0"}, "notifyWebhookPerSecond"),
        ({"notifyOf": '["everything"]'}, "notifyOf"),
        ({"notifyOf": "[]", "notifyWebhookUrl": URL}, "notifyOf is empty"),
    ],
)
def test_a_setting_that_could_notify_nobody_is_refused(
    values: dict[str, str], complaint: str
) -> None:
    pulumi.runtime.set_all_config({f"coverstream:{key}": values[key] for key in values})
    try:
        with pytest.raises(SettingsError) as caught:
            read_settings(pulumi.Config("coverstream"))
    finally:
        pulumi.runtime.set_all_config({})
    assert complaint in str(caught.value)
    assert "pw@" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://example.com", URL, "https://example.com:8443/a/b?c=d#e"])
def test_https_urls_are_accepted(url: str) -> None:
    assert msgspec.convert({"notifyWebhookUrl": url}, Settings).notify_webhook_url == url


def test_secrets_are_not_in_what_is_printed_of_settings() -> None:
    shown = repr(Settings(notify_webhook_url=URL, notify_webhook_secret="s3cret"))
    assert "s3cret" not in shown
    assert "hooks.example.com" not in shown
    assert "stream_shards=0" in shown
