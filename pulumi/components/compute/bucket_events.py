"""S3's events about a bucket, delivered to a queue. Edge (Pulumi)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from components.data.bucket import PrivateBucket
from components.messaging.delivery import RETRIES, RETRY_S
from components.messaging.queue import Queue

import pulumi

DEFAULT_BUS = "default"
"""S3 sends its events to the account's default bus, and to no other."""


@dataclass(frozen=True, kw_only=True)
class BucketEventsArgs:
    """A bucket, the rule that matches its events, and the queue that gets them.

    Resources are named in Pulumi after `bucket_name` and `rule_name`.
    """

    bucket_name: str
    bucket: PrivateBucket
    rule_name: str
    rule: aws.cloudwatch.EventRule
    target_id: str
    queue: Queue
    dead_letters: Queue


def enable_events(parent: pulumi.Resource, args: BucketEventsArgs) -> pulumi.Output[str]:
    """Switch on S3's events about a bucket, once each can be delivered; return the bucket's name.

    So nobody reads the name from the stack's outputs before.
    """
    target = aws.cloudwatch.EventTarget(
        args.rule_name,
        rule=args.rule.name,
        event_bus_name=DEFAULT_BUS,
        target_id=args.target_id,
        arn=args.queue.arn,
        retry_policy={
            "maximum_event_age_in_seconds": RETRY_S,
            "maximum_retry_attempts": RETRIES,
        },
        dead_letter_config={"arn": args.dead_letters.arn},
        opts=pulumi.ResourceOptions(
            parent=parent, depends_on=[args.queue.policy, args.dead_letters.policy]
        ),
    )
    notification = aws.s3.BucketNotification(
        args.bucket_name,
        bucket=args.bucket.name,
        eventbridge=True,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[target, *args.bucket.versioning]),
    )
    return pulumi.Output.all(args.bucket.name, notification.id).apply(lambda known: str(known[0]))
