"""The queue of requests to render many photos. Edge (SQS)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rendition_lambda.messages import RenderRequest, encode_request
from stream_ingest.aws.errors import map_errors

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient


class RequestQueue:
    """Sends requests to render photos."""

    def __init__(self, sqs: SQSClient, url: str) -> None:
        """Send to the queue at `url`."""
        self._sqs, self._url = sqs, url

    def send(self, request: RenderRequest, *, delay_s: int = 0) -> None:
        """Send a request, to be received after `delay_s`, 900 at most.

        Raises `TransientError` unless SQS has accepted it.
        """
        with map_errors(f"request {request.render}"):
            self._sqs.send_message(
                QueueUrl=self._url,
                MessageBody=encode_request(request),
                DelaySeconds=delay_s,
            )
