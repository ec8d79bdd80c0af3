"""The DynamoDB table (see `stream_ingest.contracts.table`). Edge (Pulumi)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        self.table = create_table(
            name,
            table_name=args.table_name,
            keys=(table.PARTITION_KEY, table.SORT_KEY),
            attributes=_ATTRIBUTES,
            indexes=[
                index(table.BATCH_INDEX, "batch_id", table.SORT_KEY, table.BATCH_INDEX_ATTRIBUTES),
                index(table.STATUS_INDEX, "status", table.CLOSED_AT, table.STATUS_INDEX_ATTRIBUTES),
                index(table.DUE_INDEX, "due_shard", "due_at"),
            ],
            ttl_attribute=table.TTL_ATTRIBUTE,
            protect=args.protect,
            key_arn=args.key_arn,
            parent=self,
        )
        self.name, self.arn = self.table.name, self.table.arn
        self.register_outputs({"name": self.name, "arn": self.arn})


def create_table(  # noqa: PLR0913 - the parts of a table
    name: str,
    *,
    table_name: str,
    keys: tuple[str, str],
    attributes: Mapping[str, str],
    indexes: Sequence[aws.dynamodb.TableGlobalSecondaryIndexArgs],
    ttl_attribute: str,
    protect: bool,
    key_arn: pulumi.Input[str] | None,
    parent: pulumi.Resource,
) -> aws.dynamodb.Table:
    """Create an on-demand table with TTL, point-in-time recovery and encryption."""
    return aws.dynamodb.Table(
        name,
        name=table_name,
        billing_mode="PAY_PER_REQUEST",
        hash_key=keys[0],
        range_key=keys[1],
        attributes=[
            aws.dynamodb.TableAttributeArgs(name=attribute, type=kind)
            for attribute, kind in attributes.items()
        ],
        global_secondary_indexes=list(indexes),
        ttl={"attribute_name": ttl_attribute, "enabled": True},
        point_in_time_recovery={"enabled": True},
        server_side_encryption={"enabled": True, "kms_key_arn": key_arn},
        deletion_protection_enabled=protect,
        opts=pulumi.ResourceOptions(parent=parent, protect=protect or None),
    )


def index(
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
