from __future__ import annotations

import json
from typing import TYPE_CHECKING

from stream_ingest.contracts import environment

if TYPE_CHECKING:
    from tests.pulumi.recorder import Recorder

INPUT = "coverstream-dev-input-123456789012-eu-central-1"


def test_uploads_are_announced_on_the_default_bus_and_only_csv_files_of_one_folder_matter(
    dev: Recorder,
) -> None:
    assert dev.one("BucketNotification", "input").inputs == {"bucket": INPUT, "eventbridge": True}
    rule = dev.one("EventRule", "csv-uploaded")
    assert rule.inputs["eventBusName"] == "default"
    assert rule.document("eventPattern") == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [INPUT]},
            "object": {
                "key": [
                    {"prefix": "csv-files/"},
                ]
            },
        },
    }


def test_nothing_is_announced_before_it_can_be_delivered_nor_dropped_before_it_is_announced(
    dev: Recorder,
) -> None:
    """EventBridge drops what a queue refuses; nobody knows the bucket before its events begin."""
    target, notification = ("EventTarget", "csv-uploaded"), ("BucketNotification", "input")
    policies = {("QueuePolicy", "intake"), ("QueuePolicy", "intake-dead-letters")}
    assert dev.after[target] >= policies | {("EventRule", "csv-uploaded")}
    assert dev.after[notification] >= {target, ("BucketVersioning", "input")}
    assert notification in dev.after["Parameter", "directory"]


def test_an_announcement_goes_into_the_queue_or_among_its_dead_letters(dev: Recorder) -> None:
    target = dev.one("EventTarget", "csv-uploaded").inputs
    assert target["arn"] == "arn:Queue:intake"
    assert target["deadLetterConfig"] == {"arn": "arn:Queue:intake-dead-letters"}
    assert target["retryPolicy"] == {
        "maximumEventAgeInSeconds": 86_400,
        "maximumRetryAttempts": 185,
    }
    for queue in ("intake", "intake-dead-letters"):
        statements = dev.one("QueuePolicy", queue).document("policy")["Statement"]
        (allowed,) = (one for one in statements if one["Effect"] == "Allow")
        assert allowed["Condition"] == {
            "ArnEquals": {"aws:SourceArn": ["arn:EventRule:csv-uploaded"]}
        }


def test_a_request_is_kept_for_a_fortnight_and_received_three_times(dev: Recorder) -> None:
    queue = dev.one("Queue", "intake")
    assert queue.inputs["messageRetentionSeconds"] == 14 * 86_400
    assert queue.inputs["receiveWaitTimeSeconds"] == 20
    assert queue.document("redrivePolicy") == {
        "deadLetterTargetArn": "arn:Queue:intake-dead-letters",
        "maxReceiveCount": 3,
    }


def test_a_message_stays_hidden_longer_than_an_invocation_holds_its_file(
    dev: Recorder, changed: Recorder
) -> None:
    """Else a message that comes again would find its own dead invocation at the file."""
    for recorder, timeout_s in ((dev, 300), (changed, 900)):
        assert recorder.one("Function", "intake").inputs["timeout"] == timeout_s
        hidden_s = recorder.one("Queue", "intake").inputs["visibilityTimeoutSeconds"]
        assert hidden_s == 6 * timeout_s


def test_a_large_file_may_take_more_than_the_16_invocations_of_a_chain(dev: Recorder) -> None:
    config = dev.one("FunctionRecursionConfig", "intake").inputs
    assert config == {"functionName": "coverstream-dev-intake", "recursiveLoop": "Allow"}


def test_files_are_read_one_an_invocation_and_some_at_once(changed: Recorder) -> None:
    mapping = changed.one("EventSourceMapping", "intake").inputs
    assert mapping["eventSourceArn"] == "arn:Queue:intake"
    assert mapping["batchSize"] == 1
    assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["scalingConfig"] == {"maximumConcurrency": 7}
    assert "maximumBatchingWindowInSeconds" not in mapping


def test_the_intake_gets_its_queues_and_its_stream_by_environment(dev: Recorder) -> None:
    variables = dev.one("Function", "intake").inputs["environment"]["variables"]
    assert variables["COVERSTREAM_STREAM"] == "coverstream-dev-rows"
    assert variables["COVERSTREAM_INPUT_BUCKET"] == INPUT
    assert variables["COVERSTREAM_INTAKE_QUEUE"] == "https://Queue/intake"
    assert variables["COVERSTREAM_INTAKE_DEAD_LETTERS"] == "https://Queue/intake-dead-letters"
    assert variables["COVERSTREAM_MAX_RECEIVES"] == "3"


def test_batches_get_the_stacks_defaults_on_every_entrance(changed: Recorder) -> None:
    variables = changed.one("Function", "intake").inputs["environment"]["variables"]
    defaults = json.loads(variables[environment.BATCH_DEFAULTS])
    outputs = json.loads(changed.one("Parameter", "directory").inputs["value"])
    assert defaults == outputs["batch_defaults"]
    expected = {"rows": 3, "cols": 4, "background": "#000000", "flush": "never"}
    assert expected.items() <= defaults.items()


def test_buckets_of_others_are_readable_only_if_the_stack_allows_them(changed: Recorder) -> None:
    variables = changed.one("Function", "intake").inputs["environment"]["variables"]
    assert variables[environment.ALLOWED_INPUT_BUCKETS] == "tiktok-image-input"
    statements = changed.one("RolePolicy", "intake").document("policy")["Statement"]
    rights = {
        (action, resource)
        for statement in statements
        for action in statement["Action"]
        for resource in statement["Resource"]
        if "tiktok-image-input" in resource
    }
    assert rights == {
        ("s3:GetObject", "arn:aws:s3:::tiktok-image-input/*"),
        ("s3:GetObjectVersion", "arn:aws:s3:::tiktok-image-input/*"),
        ("s3:ListBucket", "arn:aws:s3:::tiktok-image-input"),
    }
