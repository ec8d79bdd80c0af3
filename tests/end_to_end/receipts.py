"""Messages that are received by an administrator, so that a role can work on their receipts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


def new_receipt(sqs: SQSClient, queue_url: str) -> str:
    """Send a message, receive it, and return the handle of its receipt."""
    sqs.send_message(QueueUrl=queue_url, MessageBody="{}")
    (message,) = sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=5)["Messages"]
    return message["ReceiptHandle"]
