"""Requests arrive in batches, at a rate, and whole although SQS refuses entries."""

from __future__ import annotations

from typing import Any

import pytest

from ops_dashboard.photos.sender import TRIES, RequestSender
from rendition_lambda.messages import RenderRequest
from stream_ingest.contracts.errors import PermanentError, TransientError
from tests.fakes.ingest.clock import Clock
from tests.fakes.photos.job_account import QUEUE_URL, BatchQueue

REQUESTS = [RenderRequest(render=f"g/{at}.jpg") for at in range(95)]


def sender(sqs: Any, clock: Clock, rate: float = 1e9) -> RequestSender:  # noqa: ANN401 - a boto3 client
    return RequestSender(sqs, QUEUE_URL, rate=rate, clock=clock, sleep=clock.advance)


def test_entries_that_sqs_refuses_are_sent_again_and_no_others() -> None:
    queue = BatchQueue(refuses=2)
    sender(queue, Clock()).send(REQUESTS)

    assert set(queue.sent.values()) == {1}
    assert len(queue.bodies) == len(REQUESTS)


@pytest.mark.parametrize("rate", [1, 10, 100])
def test_no_more_is_sent_in_a_second_than_the_rate(rate: int) -> None:
    clock = Clock()
    began_s = clock()
    sender(BatchQueue(), clock, rate).send(REQUESTS)

    assert clock() - began_s == pytest.approx(90 / rate)


class Refusing:
    """A queue that takes nothing."""

    def __init__(self, *, is_senders: bool) -> None:
        self.requests, self._is_senders = 0, is_senders

    def send_message_batch(self, **request: Any) -> Any:  # noqa: ANN401 - as boto3
        self.requests += 1
        fault, code = self._is_senders, "Refused"
        return {
            "Failed": [
                {"Id": each["Id"], "SenderFault": fault, "Code": code}
                for each in request["Entries"]
            ]
        }


def test_a_queue_that_takes_nothing_ends_the_command_after_all_tries() -> None:
    queue = Refusing(is_senders=False)
    with pytest.raises(TransientError, match="did not take 10 requests"):
        sender(queue, Clock()).send(REQUESTS)
    assert queue.requests == TRIES


def test_a_request_that_is_at_fault_is_not_tried_again() -> None:
    queue = Refusing(is_senders=True)
    with pytest.raises(PermanentError, match="SQS refuses a request: Refused"):
        sender(queue, Clock()).send(REQUESTS)
    assert queue.requests == 1
