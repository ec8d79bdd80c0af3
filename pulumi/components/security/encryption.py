"""The stack's own KMS key, rotated every year. Edge (Pulumi)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from components.security import hardening_policies, policies

import pulumi

DELETION_DAYS = 30
"""The maximum that KMS waits before it deletes a key, and with it all data under the key."""


@dataclass(frozen=True, kw_only=True)
class EncryptionArgs:
    """The key's alias is ``alias/<prefix>``."""

    prefix: str
    account: pulumi.Input[str]
    partition: str
    protect: bool
    other_bucket_arns: tuple[str, ...] = ()
    """Buckets of others that may send notifications to a queue."""
    served_bucket_arn: pulumi.Input[str] = ""
    """Bucket that a distribution of the account reads."""


class Encryption(pulumi.ComponentResource):
    """One symmetric key with rotation, for buckets, table, queues and stream."""

    def __init__(
        self, name: str, args: EncryptionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create key and alias."""
        super().__init__("coverstream:index:Encryption", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.key = aws.kms.Key(
            name,
            description=f"Everything that {args.prefix} stores",
            enable_key_rotation=True,
            deletion_window_in_days=DELETION_DAYS,
            policy=policies.document(
                hardening_policies.key,
                account=args.account,
                partition=args.partition,
                bucket_arns=list(args.other_bucket_arns),
                served_bucket_arn=args.served_bucket_arn,
            ),
            # What is encrypted cannot be read without the key: it remains if the setting is
            # switched off.
            opts=pulumi.ResourceOptions(
                parent=self, retain_on_delete=True, protect=args.protect or None
            ),
        )
        aws.kms.Alias(name, name=f"alias/{args.prefix}", target_key_id=self.key.key_id, opts=child)
        self.arn = self.key.arn
        self.register_outputs({"arn": self.arn})
