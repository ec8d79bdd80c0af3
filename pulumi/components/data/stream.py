"""The Kinesis stream of packed rows. Edge (Pulumi)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws

import pulumi

AWS_KEY = "alias/aws/kinesis"
"""The AWS managed key of Kinesis."""


@dataclass(frozen=True, kw_only=True)
class StreamArgs:
    """A number of shards, or 0 to let AWS scale on demand."""

    stream_name: str
    shards: int
    retention_hours: int
    protect: bool
    key_arn: pulumi.Input[str] = AWS_KEY


class Stream(pulumi.ComponentResource):
    """One encrypted stream that keeps user partition keys, and so each creator's order.

    The on-demand option that spreads records regardless of their key has no argument in pulumi-aws
    and is off by default (docs/facts.md#kinesis).
    """

    def __init__(
        self, name: str, args: StreamArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create the stream."""
        super().__init__("coverstream:index:Stream", name, None, opts)
        self.stream = aws.kinesis.Stream(
            name,
            name=args.stream_name,
            shard_count=args.shards or None,
            stream_mode_details={"stream_mode": "PROVISIONED" if args.shards else "ON_DEMAND"},
            retention_period=args.retention_hours,
            encryption_type="KMS",
            kms_key_id=args.key_arn,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect or None),
        )
        self.name, self.arn = self.stream.name, self.stream.arn
        self.register_outputs({"name": self.name, "arn": self.arn})
