"""When a message about a photo that failed is received again. Edge (SQS).

A message that meets a lease waits for it: shortly at first, because a photo takes seconds, then
until the lease is over, which it is when its holder was killed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from rendition_lambda.lifecycle import PhotoLeasedError
from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.errors import CoverstreamError, PermanentError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

FIRST_RETRY_S = 15
SHORT_WAITS_S = (5, 15)
"""Waits for a lease by receipts so far; later ones last until its end."""


def retry_after_s(error: CoverstreamError, receives: int, now_s: float) -> int | None:
    """Return in how many seconds a message is received again after its `receives`-th receipt.

    None leaves it to the queue's visibility timeout: a failure that repeats is probably an outage.
    """
    if isinstance(error, PhotoLeasedError):
        until_over_s = max(1, int(error.until_s - now_s) + 1)
        return min(until_over_s, *SHORT_WAITS_S[receives - 1 : receives], until_over_s)
    if receives == 1 or isinstance(error, PermanentError):
        return FIRST_RETRY_S
    return None


class Redelivery:
    """Sets the visibility timeout of messages that failed."""

    def __init__(
        self, sqs: SQSClient, queue_urls: tuple[str, ...], clock: Callable[[], float]
    ) -> None:
        """Change messages of the queues at `queue_urls`; `clock` gives epoch seconds."""
        self._sqs, self._clock = sqs, clock
        self._urls = {url.rpartition("/")[2]: url for url in queue_urls}

    def schedule(self, record: SQSRecord, error: CoverstreamError) -> None:
        """Have a message that failed with `error` received again after `retry_after_s`."""
        receives = int(record.attributes.approximate_receive_count)
        delay_s = retry_after_s(error, receives, self._clock())
        if delay_s is None:
            return
        with map_errors("shorten a visibility timeout"):
            self._sqs.change_message_visibility(
                QueueUrl=self._urls[record.queue_url.rpartition("/")[2]],
                ReceiptHandle=record.receipt_handle,
                VisibilityTimeout=delay_s,
            )
