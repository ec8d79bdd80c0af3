"""An SQS queue: encrypted, TLS only, written by named rules and buckets only. Edge (Pulumi)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from components.security import policies

import pulumi

DAY_S = 86_400
RETENTION_S = 14 * DAY_S
"""The maximum that SQS allows."""

KEY_REUSE_S = 3_600
"""How long SQS reuses one data key instead of calling KMS for each message."""


@dataclass(frozen=True, kw_only=True)
class QueueArgs:
    """Senders, timing, dead-letter queue and encryption of a queue."""

    queue_name: str
    rule_arns: tuple[pulumi.Input[str], ...] = ()
    """EventBridge rules that may send; functions and schedules send with their roles."""
    notifying_bucket_arns: tuple[str, ...] = ()
    """Buckets that may send their notifications."""
    visibility_timeout_s: int = 30
    receive_wait_s: int = 0
    """How long a receive waits for a message; the maximum, 20, is the cheapest."""
    dead_letter_arn: pulumi.Input[str] | None = None
    max_receives: int = 3
    key_arn: pulumi.Input[str] | None = None


class Queue(pulumi.ComponentResource):
    """One standard queue that stores messages for 14 days."""

    def __init__(
        self, name: str, args: QueueArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create the queue and its policy.

        A target for the queue depends on `policy`: EventBridge drops what a queue refuses.
        """
        super().__init__("coverstream:index:Queue", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.queue = aws.sqs.Queue(
            name,
            name=args.queue_name,
            message_retention_seconds=RETENTION_S,
            visibility_timeout_seconds=args.visibility_timeout_s,
            receive_wait_time_seconds=args.receive_wait_s,
            # SQS rejects a queue with both kinds of encryption.
            sqs_managed_sse_enabled=None if args.key_arn else True,
            kms_master_key_id=args.key_arn,
            kms_data_key_reuse_period_seconds=KEY_REUSE_S if args.key_arn else None,
            redrive_policy=_redrive(args),
            opts=child,
        )
        self.arn, self.url = self.queue.arn, self.queue.url
        self.policy = aws.sqs.QueuePolicy(
            name,
            queue_url=self.queue.url,
            policy=policies.document(
                policies.queue,
                queue_arn=self.queue.arn,
                rule_arns=list(args.rule_arns),
                bucket_arns=list(args.notifying_bucket_arns),
            ),
            opts=child,
        )
        self.register_outputs({"arn": self.arn, "url": self.url})


def _redrive(args: QueueArgs) -> pulumi.Output[str] | None:
    """Return the redrive policy as JSON, or None without a dead-letter queue."""
    if args.dead_letter_arn is None:
        return None
    return pulumi.Output.json_dumps(
        {"deadLetterTargetArn": args.dead_letter_arn, "maxReceiveCount": args.max_receives}
    )
