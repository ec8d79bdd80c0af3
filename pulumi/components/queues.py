"""SQS queues: encrypted, TLS only, written by named EventBridge rules only. Edge (Pulumi)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from components import policies

import pulumi

DAY_S = 86_400
RETENTION_S = 14 * DAY_S
"""The longest that SQS keeps a message."""

KEY_REUSE_S = 3_600
"""How long SQS uses one data key, so that it need not call KMS for each message."""


@dataclass(frozen=True, kw_only=True)
class QueueArgs:
    """Who may send to a queue, and what becomes of messages that nobody can handle."""

    queue_name: str
    rule_arns: tuple[pulumi.Input[str], ...] = ()
    """Rules that may send; functions and schedules send by their roles."""
    visibility_timeout_s: int = 30
    receive_wait_s: int = 0
    """How long a receipt waits for a message; 20 is the most and the cheapest."""
    dead_letter_arn: pulumi.Input[str] | None = None
    max_receives: int = 3
    key_arn: pulumi.Input[str] | None = None


class Queue(pulumi.ComponentResource):
    """One standard queue that keeps messages for 14 days."""

    def __init__(
        self, name: str, args: QueueArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create the queue and its policy."""
        super().__init__("coverstream:index:Queue", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.queue = aws.sqs.Queue(
            name,
            name=args.queue_name,
            message_retention_seconds=RETENTION_S,
            visibility_timeout_seconds=args.visibility_timeout_s,
            receive_wait_time_seconds=args.receive_wait_s,
            # One or the other: SQS takes no queue that asks for both.
            sqs_managed_sse_enabled=None if args.key_arn else True,
            kms_master_key_id=args.key_arn,
            kms_data_key_reuse_period_seconds=KEY_REUSE_S if args.key_arn else None,
            redrive_policy=_redrive(args),
            opts=child,
        )
        self.arn, self.url = self.queue.arn, self.queue.url
        aws.sqs.QueuePolicy(
            name,
            queue_url=self.queue.url,
            policy=policies.document(
                policies.queue, queue_arn=self.queue.arn, rule_arns=list(args.rule_arns)
            ),
            opts=child,
        )
        self.register_outputs({"arn": self.arn, "url": self.url})


def _redrive(args: QueueArgs) -> pulumi.Output[str] | None:
    """Return where a message goes after too many receipts, as SQS's JSON."""
    if args.dead_letter_arn is None:
        return None
    return pulumi.Output.json_dumps(
        {"deadLetterTargetArn": args.dead_letter_arn, "maxReceiveCount": args.max_receives}
    )
