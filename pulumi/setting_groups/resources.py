"""Settings of what a stack stores data in, and of the network it runs in. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from setting_types import (
    BucketName,
    Days,
    KeyArn,
    LogRetentionDays,
    RouteTableId,
    SubnetId,
    TableName,
    VpcId,
)


class ResourceSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Buckets, table, stream, encryption and network."""

    protect: bool = False
    """Refuse to delete table, buckets, stream, archive and key, until it is switched off and
    deployed; buckets that still have objects are not deleted even then."""
    input_bucket: BucketName | None = None
    """Name of the input bucket; by default one that no other account can have."""
    output_bucket: BucketName | None = None
    """Name of the output bucket, as above."""
    temp_bucket: BucketName | None = None
    """Name of the bucket of temporary files, as above."""
    adopted_buckets: tuple[Literal["input", "output", "temp"], ...] = ()
    """Which of these buckets exist already and become the stack's (docs/guide/deploy.md)."""
    table_name: TableName = ""
    """Name of the table, if it is not ``<prefix>-state``: one that was restored from a backup."""
    allowed_input_buckets: tuple[BucketName, ...] = ()
    """Buckets besides the input bucket from which requests may name files; the intake function
    gets the right to read them."""
    bundle_platform: Literal["lambda", "local"] = "lambda"
    """``local`` if functions run on this machine (the embedded AWS)."""
    stream_shards: Annotated[int, msgspec.Meta(ge=0, le=500)] = 0
    """Shards of the stream; 0 lets AWS scale it on demand."""
    stream_retention_hours: Annotated[int, msgspec.Meta(ge=24, le=168)] = 24
    """Retention of the stream. At most 7 days, because creators' watermarks, which recognise a
    redelivery, are stored for 9."""
    failure_bucket: Literal["output", "temp"] = "output"
    """Bucket for deliveries that could not be processed, under ``aws/lambda/``."""
    kms_key: bool = False
    """Encrypt buckets, table, queues, topics and stream with a KMS key of the stack, which is
    rotated yearly."""
    former_kms_keys: tuple[KeyArn, ...] = ()
    """ARNs of keys under which the stack stored data before, and which its functions may use."""
    vpc_id: VpcId = ""
    """VPC to run the functions in; empty runs them in AWS's own network."""
    vpc_subnets: tuple[SubnetId, ...] = ()
    """Private subnets of the VPC; each needs a route to a NAT gateway, through which covers are
    downloaded."""
    vpc_route_tables: tuple[RouteTableId, ...] = ()
    """Route tables of those subnets, which get endpoints for S3 and DynamoDB (free of charge);
    leave them out if the VPC has these endpoints."""
    vpc_interface_endpoints: bool = False
    """Create endpoints for EventBridge, Kinesis and SQS, billed by the hour in each subnet. They
    serve the whole VPC, which then resolves the names of these services to them."""
    access_logs: bool = False
    """Store S3's log of every request to the buckets."""
    data_events: bool = False
    """Store CloudTrail's record of every read and write of an object."""
    audit_expire_days: Days = 365
    """How long access logs and data events are stored, in a bucket of their own."""
    archive_retention_days: Annotated[int, msgspec.Meta(ge=0, le=3_650)] = 30
    """How long WindowReady events can be replayed; 0 means for ever."""
    originals_expire_days: Annotated[int, msgspec.Meta(ge=0, le=3_650)] = 0
    """How long downloaded originals are stored; 0 means as long as events (a year at most)."""
    log_retention_days: LogRetentionDays = 30
    """How long the functions' logs are stored; CloudWatch Logs takes these values only."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Log level of the functions."""

    @property
    def bucket_names(self) -> dict[str, str]:
        """Return the buckets that have a name of their own: by purpose."""
        names = {"input": self.input_bucket, "output": self.output_bucket, "temp": self.temp_bucket}
        return {purpose: name for purpose, name in names.items() if name}
