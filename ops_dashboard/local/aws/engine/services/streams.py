"""Creates Kinesis streams. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine.inputs import Inputs
from ops_dashboard.local.aws.engine.waiting import wait_until

DEFAULT_RETENTION_HOURS = 24


def _stream(clients: Clients, inputs: Inputs) -> tuple[str, dict[str, Any]]:
    name = inputs.text("name")
    mode = inputs.required_block("streamModeDetails").text("streamMode")
    shards = inputs.number_or_none("shardCount")
    clients.untyped("kinesis").create_stream(
        StreamName=name,
        StreamModeDetails={"StreamMode": mode},
        **({"ShardCount": shards} if shards else {}),
    )
    _wait(clients, name)
    if inputs.text("encryptionType") == "KMS":
        clients.untyped("kinesis").start_stream_encryption(
            StreamName=name, EncryptionType="KMS", KeyId=inputs.text("kmsKeyId")
        )
        _wait(clients, name)
    retention = inputs.number("retentionPeriod")
    if retention > DEFAULT_RETENTION_HOURS:
        clients.untyped("kinesis").increase_stream_retention_period(
            StreamName=name, RetentionPeriodHours=retention
        )
        _wait(clients, name)
    summary = clients.untyped("kinesis").describe_stream_summary(StreamName=name)[
        "StreamDescriptionSummary"
    ]
    return summary["StreamARN"], {"name": name, "arn": summary["StreamARN"]}


def _wait(clients: Clients, name: str) -> None:
    def is_active() -> bool:
        found = clients.kinesis.describe_stream_summary(StreamName=name)
        return found["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE"

    wait_until(is_active, f"stream {name} is active")


CREATE = {"aws:kinesis/stream:Stream": _stream}
