from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_ingest.contracts import table

if TYPE_CHECKING:
    from tests.pulumi.recorder import Recorder


def indexes(recorder: Recorder) -> dict[str, dict[str, Any]]:
    return {i["name"]: i for i in recorder.one("Table", "state").inputs["globalSecondaryIndexes"]}


def keys(index: dict[str, Any]) -> list[str]:
    return [key["attributeName"] for key in index["keySchemas"]]


def test_the_stream_is_encrypted_with_the_services_key(dev: Recorder) -> None:
    stream = dev.one("Stream", "rows").inputs
    assert stream["encryptionType"] == "KMS"
    assert stream["kmsKeyId"] == "alias/aws/kinesis"


def test_shards_are_fixed_or_left_to_aws(changed: Recorder, prod: Recorder) -> None:
    fixed = changed.one("Stream", "rows").inputs
    assert (fixed["shardCount"], fixed["streamModeDetails"]) == (3, {"streamMode": "PROVISIONED"})
    scaled = prod.one("Stream", "rows").inputs
    assert "shardCount" not in scaled
    assert scaled["streamModeDetails"] == {"streamMode": "ON_DEMAND"}
    assert scaled["retentionPeriod"] == 168


def test_a_restored_table_is_used_by_its_name(dev: Recorder, changed: Recorder) -> None:
    assert dev.one("Table", "state").inputs["name"] == "coverstream-dev-state"
    assert changed.one("Table", "state").inputs["name"] == "restored-table"


def test_the_table_is_paid_by_request_encrypted_and_recoverable(dev: Recorder) -> None:
    state = dev.one("Table", "state").inputs
    assert state["billingMode"] == "PAY_PER_REQUEST"
    assert state["serverSideEncryption"] == {"enabled": True}
    assert state["pointInTimeRecovery"] == {"enabled": True}
    assert state["ttl"] == {"attributeName": "expires_at", "enabled": True}
    assert (state["hashKey"], state["rangeKey"]) == ("creator_name", "item")


def test_the_indexes_are_those_that_the_code_queries(dev: Recorder) -> None:
    found = indexes(dev)
    assert {name: keys(found[name]) for name in found} == {
        table.BATCH_INDEX: ["batch_id", "item"],
        table.STATUS_INDEX: ["status", "processing_date"],
        table.DUE_INDEX: ["due_shard", "due_at"],
    }
    assert found[table.DUE_INDEX]["projectionType"] == "KEYS_ONLY"
    assert tuple(found[table.BATCH_INDEX]["nonKeyAttributes"]) == table.BATCH_INDEX_ATTRIBUTES
    assert "batch_id" in found[table.STATUS_INDEX]["nonKeyAttributes"]


def test_every_key_is_declared_and_nothing_else(dev: Recorder) -> None:
    """DynamoDB refuses a table that declares an attribute which no key uses."""
    declared = {a["name"]: a["type"] for a in dev.one("Table", "state").inputs["attributes"]}
    used = {"creator_name", "item"}.union(*(keys(index) for index in indexes(dev).values()))
    assert set(declared) == used
    assert {name for name, kind in declared.items() if kind == "N"} == {"due_at"}


def test_only_a_protected_stack_refuses_to_delete_the_table(dev: Recorder, prod: Recorder) -> None:
    assert dev.one("Table", "state").inputs["deletionProtectionEnabled"] is False
    assert prod.one("Table", "state").inputs["deletionProtectionEnabled"] is True
