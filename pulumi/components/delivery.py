"""From the bus to the collage function: rule, queue, and where undeliverable windows end."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi_aws as aws
from components.queues import Queue, QueueArgs

import pulumi
from stream_ingest.events import Source, WindowReady

VISIBILITY_PER_TIMEOUT = 6
"""AWS asks for a visibility timeout of six times the function's timeout (FACTS.md §1.4)."""
RETRY_S = 86_400
RETRIES = 185
"""How long and how often EventBridge tries to deliver: the most that it allows."""


@dataclass(frozen=True, kw_only=True)
class DeliveryArgs:
    """`function_timeout_s` is the collage function's."""

    prefix: str
    bus_name: pulumi.Input[str]
    function_timeout_s: int
    max_receives: int
    key_arn: pulumi.Input[str] | None = None


class Delivery(pulumi.ComponentResource):
    """WindowReady events, also replayed ones, become messages on `queue`."""

    def __init__(
        self, name: str, args: DeliveryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create the rule, the queue and the two dead-letter queues."""
        super().__init__("coverstream:index:Delivery", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.rule = aws.cloudwatch.EventRule(
            "window-ready",
            name=f"{args.prefix}-window-ready",
            event_bus_name=args.bus_name,
            event_pattern=json.dumps(
                {
                    "source": [Source.WINDOWING, Source.SWEEPER],
                    "detail-type": [WindowReady.detail_type()],
                }
            ),
            opts=child,
        )
        self._queues(args, child)
        aws.cloudwatch.EventTarget(
            "window-ready",
            rule=self.rule.name,
            event_bus_name=args.bus_name,
            target_id="collage-queue",
            arn=self.queue.arn,
            retry_policy={
                "maximum_event_age_in_seconds": RETRY_S,
                "maximum_retry_attempts": RETRIES,
            },
            dead_letter_config={"arn": self.rule_dead_letters.arn},
            opts=child,
        )
        self.register_outputs({"queue_url": self.queue.url, "rule_arn": self.rule.arn})

    def _queues(self, args: DeliveryArgs, child: pulumi.ResourceOptions) -> None:
        rule_arns = (self.rule.arn,)
        self.rule_dead_letters = Queue(
            "window-rule-dead-letters",
            QueueArgs(
                queue_name=f"{args.prefix}-window-rule-dead-letters",
                rule_arns=rule_arns,
                key_arn=args.key_arn,
            ),
            child,
        )
        self.dead_letters = Queue(
            "collage-dead-letters",
            QueueArgs(queue_name=f"{args.prefix}-collage-dead-letters", key_arn=args.key_arn),
            child,
        )
        self.queue = Queue(
            "collage",
            QueueArgs(
                queue_name=f"{args.prefix}-collage",
                rule_arns=rule_arns,
                visibility_timeout_s=VISIBILITY_PER_TIMEOUT * args.function_timeout_s,
                receive_wait_s=20,
                dead_letter_arn=self.dead_letters.arn,
                max_receives=args.max_receives,
                key_arn=args.key_arn,
            ),
            child,
        )
        aws.sqs.RedriveAllowPolicy(
            "collage-dead-letters",
            queue_url=self.dead_letters.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [self.queue.arn]}
            ),
            opts=child,
        )
