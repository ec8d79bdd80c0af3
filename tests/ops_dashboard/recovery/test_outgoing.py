from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from ops_dashboard.monitoring import alarms
from ops_dashboard.recovery import dead_letters
from ops_dashboard.recovery.dead_letters import read_message
from ops_dashboard.recovery.outgoing import Outgoing, Sender, as_event, outgoing_of
from stream_ingest.contracts.dead_letter_kinds import DeadLetterKind
from stream_ingest.contracts.errors import DecodeError, TransientError
from tests.fakes.ops.stack_outputs import PHOTOS, stack_outputs

DETAIL = {"batch_id": "2026-11", "windows": 60}
BATCH = {"source": "coverstream.sweeper", "detail-type": "BatchCompleted", "detail": DETAIL}
ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:coverstream-dev-poison"
ALARM = {
    "source": "aws.cloudwatch",
    "detail-type": "CloudWatch Alarm State Change",
    "resources": [ARN],
    "detail": {"alarmName": "coverstream-dev-poison", "state": {"value": "ALARM"}},
}
WEBHOOK = {"text": "done", "stack": "dev", "notice": "batch-done", "detail": DETAIL}


@pytest.mark.parametrize("content", [BATCH, WEBHOOK], ids=["event", "body of a webhook"])
def test_a_notification_about_a_batch_is_put_on_the_stacks_bus_with_its_own_source(
    content: Mapping[str, Any],
) -> None:
    assert as_event(json.dumps(content), "bus") == {
        "EventBusName": "bus",
        "Source": "coverstream.redrive",
        "DetailType": "BatchCompleted",
        "Detail": '{"batch_id":"2026-11","windows":60}',
        "Resources": [],
    }


def test_a_notification_about_an_alarm_is_put_where_cloudwatch_puts_it() -> None:
    """Its rule matches the ARN of the alarm."""
    entry = as_event(json.dumps(ALARM), "bus")
    assert (entry["EventBusName"], entry["Resources"]) == ("default", [ARN])


@pytest.mark.parametrize(
    "body",
    [
        '"Coverstream dev: batch b is done: …"',
        "Coverstream dev: batch b is done",
        json.dumps(WEBHOOK | {"notice": "alarm"}),  # without the ARN that its rule matches
        json.dumps(BATCH | {"detail-type": "WindowReady"}),
        json.dumps(BATCH | {"detail": "text"}),
        "[]",
        "",
    ],
)
def test_a_notification_without_an_event_is_not_sent_again(body: str) -> None:
    with pytest.raises(DecodeError, match="no event that could be sent again"):
        as_event(body, "bus")


@pytest.mark.parametrize(
    ("content", "about", "batch_id"),
    [
        (BATCH, "a notification about batch 2026-11", "2026-11"),
        (WEBHOOK, "a notification about batch 2026-11", "2026-11"),
        (ALARM, "a notification about alarm coverstream-dev-poison", None),
        ("Coverstream dev: batch b is done", "a notification", None),
    ],
)
def test_a_notification_says_what_it_is_about_and_why_it_failed(
    content: object, about: str, batch_id: str | None
) -> None:
    own = {
        "ERROR_MESSAGE": {"StringValue": "HTTP status code 500", "DataType": "String"},
        "RETRY_ATTEMPTS": {"StringValue": "185", "DataType": "Number"},
    }
    message: Any = {"MessageId": "m", "Body": json.dumps(content), "MessageAttributes": own}
    letter = read_message("notification", message)
    assert (letter.about, letter.batch_id) == (about, batch_id)
    assert (letter.why, letter.tries) == ("HTTP status code 500", 185)


def test_every_kind_has_a_reason_an_alarm_and_something_to_send() -> None:
    kinds = set(DeadLetterKind)
    assert set(dead_letters._DEFAULT_REASON) == kinds  # noqa: SLF001 - a table of all kinds
    assert set(alarms._DEAD_LETTERS) == kinds  # noqa: SLF001 - a table of all kinds
    message: Any = {"MessageId": "m", "Body": json.dumps(BATCH)}
    for kind in kinds:
        assert outgoing_of(read_message(kind, message), stack_outputs(photos=PHOTOS)).body


def test_a_kind_of_a_later_release_is_not_sent_to_the_collage_queue() -> None:
    message: Any = {"MessageId": "m", "Body": "{}"}
    with pytest.raises(DecodeError, match="does not know what to do with a dead letter of later"):
        outgoing_of(read_message("later", message), stack_outputs())


def test_a_redriven_notification_is_put_and_an_entry_that_is_refused_is_an_error() -> None:
    sender = Sender(boto3.Session(region_name="us-east-1"), stack_outputs())
    entry = as_event(json.dumps(BATCH), "bus")
    outgoing = Outgoing(kind="notification", body=json.dumps(entry))
    refused = {"ErrorCode": "InternalFailure", "ErrorMessage": "later"}
    with Stubber(sender._events) as stubber:  # noqa: SLF001 - checks requests by AWS's model
        for answer in ({"EventId": "1"}, refused):
            response = {"FailedEntryCount": len(answer) - 1, "Entries": [answer]}
            stubber.add_response("put_events", response, {"Entries": [entry]})
        sender.send(outgoing)
        with pytest.raises(TransientError, match="put an event: InternalFailure: later"):
            sender.send(outgoing)
