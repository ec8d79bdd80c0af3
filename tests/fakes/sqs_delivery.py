"""Lambda's SQS event around messages, in AWS's shape."""

from __future__ import annotations

from typing import Any


def sqs_event(*bodies: str) -> dict[str, Any]:
    """Return the event that brings ``message-0``, ``message-1``, … for the first time."""
    return {"Records": [sqs_record(f"message-{index}", body) for index, body in enumerate(bodies)]}


def sqs_record(
    message_id: str, body: str, receives: int = 1, receipt: str = "handle"
) -> dict[str, Any]:
    """Return one message of such an event."""
    return {
        "messageId": message_id,
        "receiptHandle": receipt,
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(receives)},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:collage",
        "awsRegion": "us-east-1",
    }
