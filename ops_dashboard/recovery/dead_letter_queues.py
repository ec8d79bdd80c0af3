"""The dead-letter queues of one stack. Edge (SQS)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from ops_dashboard.recovery.dead_letters import DeadLetter, read_message
from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.stack_outputs import StackOutputs

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

VISIBILITY_TIMEOUT_S = 30
_MAX_RECEIVE = 10


class ReceivedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A received message; other consumers do not see it for `VISIBILITY_TIMEOUT_S` seconds."""

    dead_letter: DeadLetter
    queue_url: str
    receipt: str
    body: str


class DeadLetterQueues:
    """Receives and deletes messages of one stack's dead-letter queues."""

    def __init__(self, sqs: SQSClient, outputs: StackOutputs) -> None:
        """Use the queues that the stack's outputs name."""
        self._sqs, self._outputs = sqs, outputs

    def receive_all(self) -> list[ReceivedMessage]:
        """Receive every message of every queue; `release` makes them visible again."""
        return [
            message
            for kind, url in sorted(self._outputs.dead_letter_urls.items())
            for message in self._receive_all(kind, url)
        ]

    def release(self, messages: list[ReceivedMessage]) -> None:
        """Make messages visible to other consumers at once."""
        for message in messages:
            with map_errors("release a dead letter"):
                self._sqs.change_message_visibility(
                    QueueUrl=message.queue_url, ReceiptHandle=message.receipt, VisibilityTimeout=0
                )

    def delete(self, message: ReceivedMessage) -> None:
        """Delete a message that was sent on."""
        with map_errors("delete a dead letter"):
            self._sqs.delete_message(QueueUrl=message.queue_url, ReceiptHandle=message.receipt)

    def _receive_all(self, kind: str, url: str) -> Iterator[ReceivedMessage]:
        while True:
            with map_errors(f"receive from the {kind} dead-letter queue"):
                answer = self._sqs.receive_message(
                    QueueUrl=url,
                    MaxNumberOfMessages=_MAX_RECEIVE,
                    VisibilityTimeout=VISIBILITY_TIMEOUT_S,
                    MessageSystemAttributeNames=["All"],
                    MessageAttributeNames=["All"],
                )
            messages = answer.get("Messages", [])
            for message in messages:
                yield ReceivedMessage(
                    dead_letter=read_message(kind, message),
                    queue_url=url,
                    receipt=message["ReceiptHandle"],
                    body=message["Body"],
                )
            if not messages:
                return
