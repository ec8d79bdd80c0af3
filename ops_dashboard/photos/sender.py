"""Requests to render, sent to the queue of backfills in batches and at a rate. Edge (SQS)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rendition_lambda.messages import RenderRequest, encode_request
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.request_groups import group_by_weight
from stream_ingest.contracts.errors import PermanentError, TransientError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient
    from types_boto3_sqs.type_defs import BatchResultErrorEntryTypeDef

MAX_MESSAGES, MAX_BYTES = 10, 900_000
"""SendMessageBatch takes 10 messages and 1 MiB in all."""
TRIES = 5
FIRST_WAIT_S = 0.5


class RequestSender:
    """Sends requests; entries that SQS refuses for now are sent again."""

    def __init__(
        self,
        sqs: SQSClient,
        queue_url: str,
        *,
        rate: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        """Send at most `rate` messages a second; `clock` is monotonic, in seconds."""
        self._sqs, self._url, self._rate = sqs, queue_url, rate
        self._clock, self._sleep, self._free_at = clock, sleep, 0.0

    def send(self, requests: Sequence[RenderRequest]) -> None:
        """Send all; raises `TransientError` if SQS does not take one of them after all tries."""
        bodies = [encode_request(each) for each in requests]
        for group in group_by_weight(
            bodies, weigh=len, max_count=MAX_MESSAGES, max_weight=MAX_BYTES
        ):
            self._pace(len(group))
            self._send(group)

    def _pace(self, count: int) -> None:
        """Wait until so many more messages are within the rate."""
        now = self._clock()
        if self._free_at > now:
            self._sleep(self._free_at - now)
        self._free_at = max(self._free_at, now) + count / self._rate

    def _send(self, bodies: list[str]) -> None:
        left = bodies
        for attempt in range(TRIES):
            if attempt:
                self._sleep(FIRST_WAIT_S * 2 ** (attempt - 1))
            with map_errors("send requests to render"):
                answer = self._sqs.send_message_batch(
                    QueueUrl=self._url,
                    Entries=[{"Id": str(at), "MessageBody": body} for at, body in enumerate(left)],
                )
            failed = answer.get("Failed", [])
            _check_fault(failed)
            left = [left[int(each["Id"])] for each in failed]
            if not left:
                return
        msg = f"SQS did not take {len(left)} requests after {TRIES} tries: {failed[0]['Code']}"
        raise TransientError(msg)


def _check_fault(failed: Sequence[BatchResultErrorEntryTypeDef]) -> None:
    for each in failed:
        if each["SenderFault"]:
            msg = f"SQS refuses a request: {each['Code']}: {each.get('Message', '')}"
            raise PermanentError(msg)
