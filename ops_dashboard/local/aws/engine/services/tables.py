"""Creates DynamoDB tables. Edge (network)."""

from __future__ import annotations

from typing import Any

from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine.inputs import Inputs
from ops_dashboard.local.aws.engine.waiting import wait_until


def _table(clients: Clients, inputs: Inputs) -> tuple[str, dict[str, Any]]:
    name = inputs.text("name")
    encryption = inputs.required_block("serverSideEncryption")
    key = encryption.text_or_none("kmsKeyArn")
    clients.untyped("dynamodb").create_table(
        TableName=name,
        BillingMode=inputs.text("billingMode"),
        AttributeDefinitions=[
            {"AttributeName": one.text("name"), "AttributeType": one.text("type")}
            for one in inputs.blocks("attributes")
        ],
        KeySchema=[
            {"AttributeName": inputs.text("hashKey"), "KeyType": "HASH"},
            {"AttributeName": inputs.text("rangeKey"), "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[_index(one) for one in inputs.blocks("globalSecondaryIndexes")],
        SSESpecification={
            "Enabled": encryption.flag("enabled"),
            **({"SSEType": "KMS", "KMSMasterKeyId": key} if key else {}),
        },
        DeletionProtectionEnabled=inputs.flag("deletionProtectionEnabled"),
    )

    def is_active() -> bool:
        table = clients.dynamodb.describe_table(TableName=name)["Table"]
        return table["TableStatus"] == "ACTIVE"

    wait_until(is_active, f"table {name} is active")
    _set_ttl(clients, name, inputs)
    _set_recovery(clients, name, inputs)
    arn = clients.dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
    return name, {"name": name, "arn": arn}


def _index(index: Inputs) -> dict[str, Any]:
    kind, attributes = index.text("projectionType"), index.texts("nonKeyAttributes")
    projection: dict[str, Any] = {"ProjectionType": kind}
    if attributes:
        projection["NonKeyAttributes"] = attributes
    return {
        "IndexName": index.text("name"),
        "KeySchema": [
            {"AttributeName": key.text("attributeName"), "KeyType": key.text("keyType")}
            for key in index.blocks("keySchemas")
        ],
        "Projection": projection,
    }


def _set_ttl(clients: Clients, name: str, inputs: Inputs) -> None:
    ttl = inputs.block("ttl")
    if ttl:
        clients.untyped("dynamodb").update_time_to_live(
            TableName=name,
            TimeToLiveSpecification={
                "AttributeName": ttl.text("attributeName"),
                "Enabled": ttl.flag("enabled"),
            },
        )


def _set_recovery(clients: Clients, name: str, inputs: Inputs) -> None:
    recovery = inputs.block("pointInTimeRecovery")
    if recovery:
        clients.untyped("dynamodb").update_continuous_backups(
            TableName=name,
            PointInTimeRecoverySpecification={
                "PointInTimeRecoveryEnabled": recovery.flag("enabled")
            },
        )


CREATE = {"aws:dynamodb/table:Table": _table}
