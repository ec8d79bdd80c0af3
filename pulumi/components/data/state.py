"""The DynamoDB table (see `stream_ingest.contracts.table`). Edge (Pulumi)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws

import pulumi
from stream_ingest.contracts import table

_ATTRIBUTES = {
    table.PARTITION_KEY: "S",
    table.SORT_KEY: "S",
    "batch_id": "S",
    "status": "S",
    table.CLOSED_AT: "S",
    "due_shard": "S",
    "due_at": "N",
}


@dataclass(frozen=True, kw_only=True)
class StateArgs:
    """`protect` refuses to delete the table."""

    table_name: str
    protect: bool
    key_arn: pulumi.Input[str] | None = None


class State(pulumi.ComponentResource):
    """One on-demand table: three indexes, TTL, point-in-time recovery, encryption."""

    def __init__(
        self, name: str, args: StateArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create the table."""
        super().__init__("coverstream:index:State", name, None, opts)
        self.table = aws.dynamodb.Table(
            name,
            name=args.table_name,
            billing_mode="PAY_PER_REQUEST",
            hash_key=table.PARTITION_KEY,
            range_key=table.SORT_KEY,
            attributes=[
                aws.dynamodb.TableAttributeArgs(name=attribute, type=kind)
                for attribute, kind in _ATTRIBUTES.items()
            ],
            global_secondary_indexes=[
                _index(table.BATCH_INDEX, "batch_id", table.SORT_KEY, table.BATCH_INDEX_ATTRIBUTES),
                _index(
                    table.STATUS_INDEX, "status", table.CLOSED_AT, table.STATUS_INDEX_ATTRIBUTES
                ),
                _index(table.DUE_INDEX, "due_shard", "due_at"),
            ],
            ttl={"attribute_name": table.TTL_ATTRIBUTE, "enabled": True},
            point_in_time_recovery={"enabled": True},
            server_side_encryption={"enabled": True, "kms_key_arn": args.key_arn},
            deletion_protection_enabled=args.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect or None),
        )
        self.name, self.arn = self.table.name, self.table.arn
        self.register_outputs({"name": self.name, "arn": self.arn})


def _index(
    name: str, hash_key: str, range_key: str, attributes: tuple[str, ...] = ()
) -> aws.dynamodb.TableGlobalSecondaryIndexArgs:
    """Return an index that projects the keys and `attributes`."""
    key = aws.dynamodb.TableGlobalSecondaryIndexKeySchemaArgs
    return aws.dynamodb.TableGlobalSecondaryIndexArgs(
        name=name,
        key_schemas=[
            key(attribute_name=hash_key, key_type="HASH"),
            key(attribute_name=range_key, key_type="RANGE"),
        ],
        projection_type="INCLUDE" if attributes else "KEYS_ONLY",
        non_key_attributes=list(attributes) or None,
    )
