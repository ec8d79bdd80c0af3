"""Outputs of a deployed stack, with the names of the tests' AWS."""

from __future__ import annotations

from typing import Any

import msgspec

from stream_ingest.contracts.levels import LEVEL, OLDEST_COMMANDS
from stream_ingest.contracts.stack_outputs import PhotosOutputs, StackOutputs
from tests.fakes.ingest.aws import BUS, OUTPUT, TABLE, TEMP

_QUEUES = "https://sqs.us-east-1.amazonaws.com/123456789012"
_EVENTS = "arn:aws:events:us-east-1:123456789012"
_OUTPUTS = StackOutputs(
    stack="dev",
    release="0.1.0",
    level=LEVEL,
    oldest_commands=OLDEST_COMMANDS,
    region="us-east-1",
    stream_name="stream",
    table_name=TABLE,
    bus_name=BUS,
    archive_arn=f"{_EVENTS}:archive/windows",
    window_rule_arn=f"{_EVENTS}:rule/bus/ready",
    input_bucket="input",
    output_bucket=OUTPUT,
    temp_bucket=TEMP,
    collage_queue_url=f"{_QUEUES}/collage",
    dead_letter_urls={"collage": f"{_QUEUES}/dead"},
    windowing_function="windowing",
    sweeper_function="sweeper",
    collage_function="collage",
    intake_function="intake",
    prefetch_function="prefetch",
    prefetch_queue_url=f"{_QUEUES}/prefetch",
    prefetch_covers=True,
    request_queue_url=f"{_QUEUES}/requests",
    dashboard_name="dev",
    alarm_topic_arn="arn:aws:sns:us-east-1:123456789012:alarms",
)

PHOTOS = PhotosOutputs(
    table="photos",
    uploads_bucket="uploads",
    renditions_bucket="renditions",
    queue_url=f"{_QUEUES}/photos",
    backfill_queue_url=f"{_QUEUES}/photos-backfill",
    dead_letters_url=f"{_QUEUES}/photos-dead-letters",
    function="photos",
)


def stack_outputs(**changes: Any) -> StackOutputs:  # noqa: ANN401 - any field of the outputs
    """Return a stack's outputs."""
    return msgspec.structs.replace(_OUTPUTS, **changes)
