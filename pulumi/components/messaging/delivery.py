"""EventBridge rule → SQS queue, with a dead-letter queue for each. Edge (Pulumi)."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi_aws as aws
from components.messaging.queue import Queue, QueueArgs

import pulumi
from stream_ingest.contracts.event_model import Event
from stream_ingest.contracts.events import sources_of

VISIBILITY_PER_TIMEOUT = 6
"""AWS recommends a visibility timeout of six times the function's (docs/facts.md#sqs)."""
RETRY_S = 86_400
RETRIES = 185
"""How long and how often EventBridge tries to deliver: the maximum that it allows."""


@dataclass(frozen=True, kw_only=True)
class DeliveryArgs:
    """Which events go to which queue; `function_timeout_s` is the timeout of its consumer."""

    prefix: str
    bus_name: pulumi.Input[str]
    event: type[Event]
    rule: str
    """Name of the rule, and of its target."""
    queue: str
    """Name of the queue; its dead-letter queue is ``<queue>-dead-letters``."""
    rule_dead_letters: str | None = None
    """Prefix of the dead-letter queue for undeliverable events; None shares that of `queue`."""
    function_timeout_s: int
    max_receives: int
    key_arn: pulumi.Input[str] | None = None


class Delivery(pulumi.ComponentResource):
    """Sends the events of one type, replayed ones too, to `queue`."""

    def __init__(
        self, name: str, args: DeliveryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create the rule, the queue and the dead-letter queues."""
        super().__init__("coverstream:index:Delivery", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        self.rule = aws.cloudwatch.EventRule(
            args.rule,
            name=f"{args.prefix}-{args.rule}",
            event_bus_name=args.bus_name,
            event_pattern=json.dumps(
                {
                    "source": list(sources_of(args.event)),
                    "detail-type": [args.event.detail_type()],
                }
            ),
            opts=self._child,
        )
        self.dead_letters = self._dead_letters(args.queue)
        self.rule_dead_letters = (
            self._dead_letters(args.rule_dead_letters)
            if args.rule_dead_letters
            else self.dead_letters
        )
        self.queue = self._queue()
        self._target()
        self.register_outputs({"queue_url": self.queue.url, "rule_arn": self.rule.arn})

    def _dead_letters(self, prefix: str) -> Queue:
        args = self._args
        takes_events = prefix == (args.rule_dead_letters or args.queue)
        return Queue(
            f"{prefix}-dead-letters",
            QueueArgs(
                queue_name=f"{args.prefix}-{prefix}-dead-letters",
                rule_arns=(self.rule.arn,) if takes_events else (),
                key_arn=args.key_arn,
            ),
            self._child,
        )

    def _queue(self) -> Queue:
        args = self._args
        queue = Queue(
            args.queue,
            QueueArgs(
                queue_name=f"{args.prefix}-{args.queue}",
                rule_arns=(self.rule.arn,),
                visibility_timeout_s=VISIBILITY_PER_TIMEOUT * args.function_timeout_s,
                receive_wait_s=20,
                dead_letter_arn=self.dead_letters.arn,
                max_receives=args.max_receives,
                key_arn=args.key_arn,
            ),
            self._child,
        )
        aws.sqs.RedriveAllowPolicy(
            f"{args.queue}-dead-letters",
            queue_url=self.dead_letters.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [queue.arn]}
            ),
            opts=self._child,
        )
        return queue

    def _target(self) -> None:
        args = self._args
        aws.cloudwatch.EventTarget(
            args.rule,
            rule=self.rule.name,
            event_bus_name=args.bus_name,
            target_id=f"{args.queue}-queue",
            arn=self.queue.arn,
            retry_policy={
                "maximum_event_age_in_seconds": RETRY_S,
                "maximum_retry_attempts": RETRIES,
            },
            dead_letter_config={"arn": self.rule_dead_letters.arn},
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[self.queue.policy, self.rule_dead_letters.policy]
            ),
        )
