"""A file whose event is lost becomes a batch all the same, once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ops_dashboard.local.samples.video_row import csv_bytes
from stream_ingest.intake.unread.unread_files import EVERY_S
from stream_ingest.intake.uploads import announce
from tests.end_to_end.batch_differences import differences
from tests.end_to_end.dropped_files import drop, is_sent, moved, waiting
from tests.end_to_end.faulty_stack import FaultyStack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def test_a_file_whose_event_is_lost_is_found_by_the_sweeper_and_read_exactly_once(
    stack: FaultyStack,
) -> None:
    """S3's event arrives all the same, when the file was read; it changes nothing."""
    name = "event-is-lost"
    sample = stack.sample(name)
    rule: dict[str, Any] = {"Name": "coverstream-dev-csv-uploaded", "EventBusName": "default"}
    events = stack.aws.clients.events
    stack.sweep()  # the search of the first sweep is over
    events.disable_rule(**rule)
    try:
        dropped = drop(stack, name, csv_bytes(sample.rows))
        stack.sweep()
        assert waiting(stack) == 0  # too young, and the next search is due in an hour
    finally:
        events.enable_rule(**rule)
    stack.faults.set_clock(EVERY_S + 60)

    def found() -> bool:
        stack.sweep()
        return is_sent(stack, dropped.batch_id)

    stack.wait(found, "nobody found the file")
    stack.sweep_until_ended(dropped.batch_id)
    assert differences(stack, sample, dropped.batch_id) == []
    assert moved(stack, dropped) == [True]
    event = announce(dropped.upload)
    stack.aws.clients.sqs.send_message(
        QueueUrl=stack.outputs.request_queue_url, MessageBody=json.dumps(event)
    )
    stack.wait(lambda: waiting(stack) == 0, "S3's own event is not handled")
    assert "not needed" in stack.log("intake")
    stack.sweep()
    assert differences(stack, sample, dropped.batch_id) == []
    assert moved(stack, dropped) == [True]
