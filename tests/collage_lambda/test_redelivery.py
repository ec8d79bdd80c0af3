"""When a message that failed becomes visible again."""

from __future__ import annotations

from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from collage_lambda.lease import LeaseLostError, WindowLeasedError
from collage_lambda.redelivery import FIRST_RETRY_S, Redelivery, retry_after_s
from stream_ingest.contracts.errors import CoverstreamError, DecodeError, TransientError
from tests.fakes.collage.recording_sqs import RecordingSqs
from tests.fakes.sqs_delivery import sqs_event

NOW = 1_000.0
QUEUE_TIMEOUT = None


@pytest.mark.parametrize(
    ("error", "receives", "wanted"),
    [
        (TransientError("S3 is slow"), 1, FIRST_RETRY_S),
        (TransientError("S3 is still slow"), 2, QUEUE_TIMEOUT),
        (LeaseLostError("taken over"), 1, FIRST_RETRY_S),
        (DecodeError("no JSON"), 1, FIRST_RETRY_S),
        (DecodeError("no JSON"), 2, FIRST_RETRY_S),
        (WindowLeasedError("a#1", 1_090), 1, 91),
        (WindowLeasedError("a#1", 1_090), 2, 91),
        (WindowLeasedError("a#1", 0), 1, 1),
        (WindowLeasedError("a#1", 2**33), 1, 43_200),
    ],
)
def test_a_failed_message_is_received_again_after(
    error: CoverstreamError, receives: int, wanted: int | None
) -> None:
    assert retry_after_s(error, receives, NOW) == wanted


def record(receives: int) -> SQSRecord:
    data: dict[str, Any] = sqs_event("body")["Records"][0]
    data["attributes"]["ApproximateReceiveCount"] = str(receives)
    return SQSRecord(data)


def test_the_receipt_of_the_failed_message_gets_its_timeout() -> None:
    sqs = RecordingSqs()
    Redelivery(sqs.client, "https://queue", lambda: NOW).schedule(record(1), TransientError("x"))
    assert sqs.changes == [
        {"QueueUrl": "https://queue", "ReceiptHandle": "handle", "VisibilityTimeout": FIRST_RETRY_S}
    ]


def test_a_failure_that_repeats_is_left_to_the_queues_timeout() -> None:
    sqs = RecordingSqs()
    Redelivery(sqs.client, "https://queue", lambda: NOW).schedule(record(2), TransientError("x"))
    assert sqs.changes == []
