"""What people, other programs and failed deployments do to a stack; each is undone at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.packaging.bundles import Platform, build_bundle
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.contracts.stack_parts import parts_parameter

PREFIX = "coverstream-dev"
KEPT = (
    "Runtime", "Handler", "Role", "MemorySize", "Timeout", "Environment", "LoggingConfig",
    "Architectures",
)  # fmt: skip
"""What a function is made of again with."""


@dataclass(frozen=True)
class Checked:
    """A deployed stack that can be broken."""

    aws: LocalAws
    outputs: StackOutputs

    def __call__(self, service: str) -> Any:  # noqa: ANN401 - a client of any service
        """Return a client."""
        return self.aws.clients.untyped(service)


Breakage = Callable[[Checked], AbstractContextManager[None]]


@contextmanager
def unencrypted_stream(stack: Checked) -> Iterator[None]:
    stream = {"StreamName": stack.outputs.stream_name, "EncryptionType": "KMS"}
    stream["KeyId"] = f"alias/{PREFIX}"
    stack("kinesis").stop_stream_encryption(**stream)
    yield
    stack("kinesis").start_stream_encryption(**stream)


@contextmanager
def no_expiry(stack: Checked) -> Iterator[None]:
    for enabled in (False, True):
        stack("dynamodb").update_time_to_live(
            TableName=stack.outputs.table_name,
            TimeToLiveSpecification={"Enabled": enabled, "AttributeName": "expires_at"},
        )
        if not enabled:
            yield


@contextmanager
def silent_bucket(stack: Checked) -> Iterator[None]:
    bucket = stack.outputs.input_bucket
    s3 = stack("s3")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    yield
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )


@contextmanager
def no_versions(stack: Checked) -> Iterator[None]:
    for status in ("Suspended", "Enabled"):
        stack("s3").put_bucket_versioning(
            Bucket=stack.outputs.output_bucket, VersioningConfiguration={"Status": status}
        )
        if status == "Suspended":
            yield


@contextmanager
def no_lifecycle(stack: Checked) -> Iterator[None]:
    bucket, s3 = stack.outputs.temp_bucket, stack("s3")
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    s3.delete_bucket_lifecycle(Bucket=bucket)
    yield
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})


@contextmanager
def disabled_key(stack: Checked) -> Iterator[None]:
    kms = stack("kms")
    key = kms.describe_key(KeyId=f"alias/{PREFIX}")["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key)
    yield
    kms.enable_key(KeyId=key)


@contextmanager
def no_redrive(stack: Checked) -> Iterator[None]:
    sqs, url = stack("sqs"), stack.outputs.prefetch_queue_url
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    yield
    sqs.set_queue_attributes(QueueUrl=url, Attributes=policy)


@contextmanager
def deleted_queue(stack: Checked) -> Iterator[None]:
    sqs, url = stack("sqs"), stack.outputs.dead_letter_urls["sweeper"]
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    sqs.delete_queue(QueueUrl=url)
    yield
    sqs.create_queue(QueueName=url.rpartition("/")[2], Attributes=policy)


@contextmanager
def disabled_rule(stack: Checked) -> Iterator[None]:
    rule = {"Name": f"{PREFIX}-csv-uploaded", "EventBusName": "default"}
    stack("events").disable_rule(**rule)
    yield
    stack("events").enable_rule(**rule)


@contextmanager
def no_target(stack: Checked) -> Iterator[None]:
    rule = {"Rule": f"{PREFIX}-window-ready", "EventBusName": stack.outputs.bus_name}
    events = stack("events")
    targets = events.list_targets_by_rule(**rule)["Targets"]
    events.remove_targets(**rule, Ids=[target["Id"] for target in targets])
    yield
    events.put_targets(**rule, Targets=targets)


@contextmanager
def one_target(stack: Checked) -> Iterator[None]:
    """Remove one of two targets of a rule."""
    rule = {"Rule": f"{PREFIX}-batch-done", "EventBusName": stack.outputs.bus_name}
    events = stack("events")
    (mail,) = [
        target
        for target in events.list_targets_by_rule(**rule)["Targets"]
        if ":sns:" in target["Arn"]
    ]
    events.remove_targets(**rule, Ids=[mail["Id"]])
    yield
    events.put_targets(**rule, Targets=[mail])


@contextmanager
def shorter_archive(stack: Checked) -> Iterator[None]:
    name = stack.outputs.archive_arn.rpartition("/")[2]
    before = stack("events").describe_archive(ArchiveName=name)["RetentionDays"]
    stack("events").update_archive(ArchiveName=name, RetentionDays=1)
    yield
    stack("events").update_archive(ArchiveName=name, RetentionDays=before)


@contextmanager
def disabled_schedule(stack: Checked) -> Iterator[None]:
    scheduler = stack("scheduler")
    found = scheduler.get_schedule(Name=f"{PREFIX}-sweeper")
    kept = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    schedule = {name: found[name] for name in kept}
    scheduler.update_schedule(**schedule, State="DISABLED")
    yield
    scheduler.update_schedule(**schedule, State="ENABLED")


@contextmanager
def deleted_function(stack: Checked) -> Iterator[None]:
    client, name = stack("lambda"), stack.outputs.prefetch_function
    found = client.get_function_configuration(FunctionName=name)
    client.delete_function(FunctionName=name)
    yield
    code = build_bundle("collage", Platform.LOCAL).path.read_bytes()
    again = {key: found[key] for key in KEPT if key in found}
    client.create_function(FunctionName=name, Code={"ZipFile": code}, **again)
    client.get_waiter("function_active_v2").wait(FunctionName=name)


@contextmanager
def throttled_function(stack: Checked) -> Iterator[None]:
    name = stack.outputs.windowing_function
    stack("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    yield
    stack("lambda").delete_function_concurrency(FunctionName=name)


@contextmanager
def disabled_mapping(stack: Checked) -> Iterator[None]:
    client = stack("lambda")
    listed = client.list_event_source_mappings(FunctionName=stack.outputs.intake_function)
    uuid = listed["EventSourceMappings"][0]["UUID"]
    client.update_event_source_mapping(UUID=uuid, Enabled=False)
    yield
    client.update_event_source_mapping(UUID=uuid, Enabled=True)


@contextmanager
def hasty_mapping(stack: Checked) -> Iterator[None]:
    client = stack("lambda")
    listed = client.list_event_source_mappings(FunctionName=stack.outputs.windowing_function)
    uuid = listed["EventSourceMappings"][0]["UUID"]
    for retries in (2, -1):
        client.update_event_source_mapping(UUID=uuid, MaximumRetryAttempts=retries)
        if retries == 2:
            yield


@contextmanager
def deleted_mapping(stack: Checked) -> Iterator[None]:
    client, name = stack("lambda"), stack.outputs.collage_function
    found = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"][0]
    client.delete_event_source_mapping(UUID=found["UUID"])
    yield
    kept = ("EventSourceArn", "BatchSize", "FunctionResponseTypes", "ScalingConfig")
    client.create_event_source_mapping(FunctionName=name, **{key: found[key] for key in kept})


@contextmanager
def reserved_for_others(stack: Checked) -> Iterator[None]:
    name = stack.outputs.sweeper_function
    stack("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=995)
    yield
    stack("lambda").delete_function_concurrency(FunctionName=name)


@contextmanager
def endless_logs(stack: Checked) -> Iterator[None]:
    group = f"/aws/lambda/{stack.outputs.collage_function}"
    days = stack("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]
    stack("logs").delete_retention_policy(logGroupName=group)
    yield
    stack("logs").put_retention_policy(logGroupName=group, retentionInDays=days["retentionInDays"])


@contextmanager
def earlier_release(stack: Checked) -> Iterator[None]:
    name = parts_parameter("dev")
    value = stack("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    stack("ssm").delete_parameter(Name=name)
    yield
    stack("ssm").put_parameter(Name=name, Type="String", Value=value)
