"""The real Pulumi program on a real embedded AWS, read back through its API."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ops_dashboard.packaging.bundles import Platform, build_bundle
from stream_ingest.contracts import environment, table

if TYPE_CHECKING:
    import socket

    from ops_dashboard.local.aws.stack import LocalAws

BUNDLE_OF = {"sweeper": "windowing", "prefetch": "collage"}


def test_the_parameter_decodes_to_the_stacks_outputs(local_aws: LocalAws) -> None:
    outputs = local_aws.outputs()
    assert outputs.stack == "dev"
    assert outputs.region == "us-east-1"
    assert outputs.output_bucket == "coverstream-dev-output-000000000000-us-east-1"
    assert outputs.collage_queue_url.startswith(local_aws.endpoint)
    assert set(outputs.dead_letter_urls) == {
        "collage",
        "window-rule",
        "sweeper",
        "intake",
        "prefetch",
    }


def test_the_stream_is_active_and_encrypted(local_aws: LocalAws) -> None:
    stream = local_aws.clients.kinesis.describe_stream_summary(
        StreamName=local_aws.outputs().stream_name
    )["StreamDescriptionSummary"]
    assert stream["StreamStatus"] == "ACTIVE"
    assert stream["EncryptionType"] == "KMS"
    assert stream["OpenShardCount"] == 1


def test_the_table_is_active_with_its_indexes(local_aws: LocalAws) -> None:
    name = local_aws.outputs().table_name
    found = local_aws.clients.dynamodb.describe_table(TableName=name)["Table"]
    indexes = {index["IndexName"] for index in found["GlobalSecondaryIndexes"]}
    assert indexes == {table.BATCH_INDEX, table.STATUS_INDEX, table.DUE_INDEX}
    ttl = local_aws.clients.dynamodb.describe_time_to_live(TableName=name)
    assert ttl["TimeToLiveDescription"]["AttributeName"] == table.TTL_ATTRIBUTE


def test_the_queues_exist_and_redrive(local_aws: LocalAws) -> None:
    outputs = local_aws.outputs()
    attributes = local_aws.clients.sqs.get_queue_attributes(
        QueueUrl=outputs.collage_queue_url, AttributeNames=["All"]
    )["Attributes"]
    redrive = json.loads(attributes["RedrivePolicy"])
    assert redrive["maxReceiveCount"] == 3
    assert redrive["deadLetterTargetArn"].endswith(":coverstream-dev-collage-dead-letters")
    for url in outputs.dead_letter_urls.values():
        local_aws.clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])


def test_the_mappings_connect_stream_and_queue_to_their_functions(local_aws: LocalAws) -> None:
    outputs = local_aws.outputs()
    mappings = {
        mapping["FunctionArn"].rpartition(":")[2]: mapping
        for mapping in local_aws.clients.functions.list_event_source_mappings()[
            "EventSourceMappings"
        ]
    }
    assert set(mappings) == {
        outputs.windowing_function,
        outputs.collage_function,
        outputs.intake_function,
        outputs.prefetch_function,
    }
    stream = mappings[outputs.windowing_function]
    assert stream["EventSourceArn"].endswith(f"stream/{outputs.stream_name}")
    assert stream["BisectBatchOnFunctionError"] is True
    queue = mappings[outputs.collage_function]
    assert queue["ScalingConfig"] == {"MaximumConcurrency": 4}
    assert queue["State"] == stream["State"] == "Enabled"


@pytest.mark.parametrize("name", ["windowing", "sweeper", "collage", "intake", "prefetch"])
def test_the_functions_are_the_local_bundles(local_aws: LocalAws, name: str) -> None:
    found = local_aws.clients.functions.get_function_configuration(
        FunctionName=f"coverstream-dev-{name}"
    )
    bundle = build_bundle(BUNDLE_OF.get(name, name), Platform.LOCAL)
    assert found["CodeSha256"] == bundle.sha256_base64
    assert found["Role"].endswith(f":role/coverstream-dev-{name}-function")
    group = f"/aws/lambda/coverstream-dev-{name}"
    groups = local_aws.clients.untyped("logs").describe_log_groups(logGroupNamePrefix=group)
    assert [one["retentionInDays"] for one in groups["logGroups"]] == [14]


def test_the_local_run_may_download_from_the_tests_server_and_its_own_buckets_only(
    local_aws: LocalAws, cover_socket: socket.socket
) -> None:
    found = local_aws.clients.functions.get_function_configuration(
        FunctionName=local_aws.outputs().collage_function
    )
    allowed = found["Environment"]["Variables"][environment.ALLOWED_SOURCES]
    own = local_aws.endpoint.removeprefix("http://")
    assert allowed == f"127.0.0.1:{cover_socket.getsockname()[1]},{own}"


def test_the_sweeper_runs_from_its_bundle(local_aws: LocalAws) -> None:
    """The embedded AWS has none of our packages, so everything comes from the zip."""
    answer = local_aws.clients.functions.invoke(
        FunctionName=local_aws.outputs().sweeper_function, Payload=b"{}"
    )
    assert "FunctionError" not in answer, answer["Payload"].read()


def test_bus_rules_schedule_and_archive_exist(local_aws: LocalAws) -> None:
    outputs, events = local_aws.outputs(), local_aws.clients.events
    rules = events.list_rules(EventBusName=outputs.bus_name)["Rules"]
    assert outputs.window_rule_arn in {rule["Arn"] for rule in rules}
    archive = events.describe_archive(ArchiveName=outputs.archive_arn.rpartition("/")[2])
    assert archive["State"] == "ENABLED"
    schedule = local_aws.clients.untyped("scheduler").get_schedule(Name="coverstream-dev-sweeper")
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
