"""When a message that failed is received again. Edge (SQS).

Left alone, a failed message stays invisible for the queue's visibility timeout: six times the
function's timeout, twelve minutes by default. That is right for an outage and too long for a single
failure, so the first failure of a message, and one that waits for a lease, make it visible earlier.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from collage_lambda.lease import WindowLeasedError
from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.errors import CoverstreamError, PermanentError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

FIRST_RETRY_S = 15
LATER_RETRY_S = 720
"""The queue's visibility timeout by default, for messages that must not keep it."""
APART_S = 30
"""Seconds between messages that must not be in one delivery: most windows take a few."""
_LONGEST_S = 12 * 3_600
"""Maximum visibility timeout of SQS (docs/facts.md#sqs)."""


def retry_after_s(error: CoverstreamError, receives: int, now_s: float) -> int | None:
    """Return in how many seconds a message is received again after its `receives`-th receipt.

    None leaves it to the queue's visibility timeout: a failure that repeats is probably an outage,
    and a message has few receipts.
    """
    if isinstance(error, WindowLeasedError):
        return max(1, min(int(error.until_s - now_s) + 1, _LONGEST_S))
    if receives == 1 or isinstance(error, PermanentError):
        return FIRST_RETRY_S
    return None


class Redelivery:
    """Sets the visibility timeout of messages that failed."""

    def __init__(self, sqs: SQSClient, queue_url: str, clock: Callable[[], float]) -> None:
        """Change messages of the queue at `queue_url`; `clock` gives epoch seconds."""
        self._sqs, self._queue_url, self._clock = sqs, queue_url, clock

    def schedule(self, record: SQSRecord, error: CoverstreamError) -> None:
        """Have a message that failed with `error` received again after `retry_after_s`."""
        receives = int(record.attributes.approximate_receive_count)
        delay_s = retry_after_s(error, receives, self._clock())
        if delay_s is not None:
            self._change(record, delay_s)

    def spread(self, record: SQSRecord, place: int, remaining_s: float) -> None:
        """Have messages received one by one, by their `place`, if they fail or crash the function.

        It has `remaining_s` left, in which none of them becomes visible. It is as late as without
        this: three receipts have to span an outage.
        """
        self._change(record, max(LATER_RETRY_S, math.ceil(remaining_s)) + (place + 1) * APART_S)

    def _change(self, record: SQSRecord, delay_s: int) -> None:
        with map_errors("change a visibility timeout"):
            self._sqs.change_message_visibility(
                QueueUrl=self._queue_url,
                ReceiptHandle=record.receipt_handle,
                VisibilityTimeout=delay_s,
            )
