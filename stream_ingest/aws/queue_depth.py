"""How many messages are in a queue. Edge (SQS)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


class QueueDepth(msgspec.Struct, frozen=True, kw_only=True):
    """Messages in a queue, as SQS approximates them."""

    waiting: int
    received: int
    """Received, and neither deleted nor visible again."""

    @property
    def total(self) -> int:
        """Return the number of messages, visible or in flight."""
        return self.waiting + self.received


def queue_depth(sqs: SQSClient, url: str) -> QueueDepth:
    """Return how many messages a queue has; takes none of them."""
    found = sqs.get_queue_attributes(
        QueueUrl=url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return QueueDepth(
        waiting=int(found["ApproximateNumberOfMessages"]),
        received=int(found["ApproximateNumberOfMessagesNotVisible"]),
    )
