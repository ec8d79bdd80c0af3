"""The dead-letter queues of one stack. Edge (SQS).

A message can only be read by receiving it, which hides it from others. So whatever was received is
made visible again at the end, also when it is interrupted (`received`). Receives wait for messages:
a receive that does not asks some of SQS's servers only, and may find nothing in a full queue
(docs/facts.md#sqs).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import ClientError

from ops_dashboard.recovery.dead_letters import DeadLetter, read_message
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.queue_depth import queue_depth
from stream_ingest.aws.request_groups import slices
from stream_ingest.contracts.dead_letter_kinds import DeadLetterKind
from stream_ingest.contracts.stack_outputs import StackOutputs

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

WAIT_S = 1
"""Seconds that a receive waits for messages; any wait has it ask all servers."""
_MAX_RECEIVE = 10
_MIN_VISIBILITY_S = 120
_MAX_VISIBILITY_S = 12 * 3_600
_MESSAGES_PER_S = 20
"""Messages that are received and worked on in a second, at the least."""
_THREADS = 16


class ReceivedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A received message, which other consumers do not see."""

    dead_letter: DeadLetter
    queue_url: str
    receipt: str

    @property
    def body(self) -> str:
        """Return the message's body."""
        return self.dead_letter.body


class DeadLetterQueues:
    """Receives and deletes messages of one stack's dead-letter queues."""

    def __init__(self, sqs: SQSClient, outputs: StackOutputs) -> None:
        """Use the queues that the stack's outputs name."""
        self._sqs, self._outputs = sqs, outputs
        self._urls = dict(sorted(outputs.dead_letter_queues.items()))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of dead letters that have a queue."""
        return tuple(self._urls)

    def count(self, kind: str) -> int:
        """Return the number of messages in a queue, as SQS approximates it."""
        with map_errors(f"count the {kind} dead-letter queue"):
            return queue_depth(self._sqs, self._urls[kind]).total

    @contextmanager
    def received(self) -> Iterator[Receiver]:
        """Yield a receiver; what it received and did not delete is visible again afterwards."""
        receiver = Receiver(self._sqs, self._urls, self._sources())
        try:
            yield receiver
        finally:
            receiver.release()

    def _sources(self) -> dict[str, str]:
        """Return the queues whose messages become dead letters after some receipts."""
        outputs = self._outputs
        return {
            DeadLetterKind.COLLAGE: outputs.collage_queue_url,
            DeadLetterKind.INTAKE: outputs.request_queue_url,
            DeadLetterKind.PREFETCH: outputs.prefetch_queue_url,
            **({DeadLetterKind.PHOTOS: outputs.photos.queue_url} if outputs.photos else {}),
        }


class Receiver:
    """Receives messages, and remembers those that others do not see."""

    def __init__(self, sqs: SQSClient, urls: dict[str, str], sources: dict[str, str]) -> None:
        """`urls` are dead-letter queues by kind, `sources` the queues that fill them."""
        self._sqs, self._urls, self._sources = sqs, urls, sources
        self._hidden: dict[tuple[str, str], str] = {}
        """Receipts by queue and message id."""
        self.is_stopped = False
        """Whether no more messages are to be received."""

    def messages(self, kind: str, enough: int | None = None) -> Iterator[ReceivedMessage]:
        """Yield the messages of a queue, each once; reads no more than is consumed."""
        for group in self.groups(kind, enough):
            yield from group

    def groups(self, kind: str, enough: int | None = None) -> Iterator[list[ReceivedMessage]]:
        """Yield the messages of a queue in groups of up to ten, each message once.

        All of them: until a receive has waited in vain. Given `enough`, at least so many if there
        are, without a request if it is 0.
        """
        if enough == 0:
            return
        url = self._urls[kind]
        with map_errors(f"count the {kind} dead-letter queue"):
            total = enough or queue_depth(self._sqs, url).total
        visibility_s = min(_MIN_VISIBILITY_S + total // _MESSAGES_PER_S, _MAX_VISIBILITY_S)
        max_receives = self._max_receives(kind)
        seen: set[str] = set()
        while not self.is_stopped and (enough is None or len(seen) < enough):
            with map_errors(f"receive from the {kind} dead-letter queue"):
                answer = self._sqs.receive_message(
                    QueueUrl=url,
                    MaxNumberOfMessages=_MAX_RECEIVE,
                    VisibilityTimeout=visibility_s,
                    WaitTimeSeconds=WAIT_S,
                    MessageSystemAttributeNames=["All"],
                    MessageAttributeNames=["All"],
                )
            found = answer.get("Messages", [])
            for message in found:
                self._hidden[url, message["MessageId"]] = message["ReceiptHandle"]
            new = [message for message in found if message["MessageId"] not in seen]
            seen.update(message["MessageId"] for message in new)
            if not new:  # the queue is empty, or what was received has become visible again
                return
            yield [
                ReceivedMessage(
                    dead_letter=read_message(kind, message, max_receives),
                    queue_url=url,
                    receipt=message["ReceiptHandle"],
                )
                for message in new
            ]

    def delete(self, message: ReceivedMessage) -> None:
        """Delete a message that was sent on, or of which there is a copy."""
        with map_errors("delete a dead letter"):
            self._sqs.delete_message(QueueUrl=message.queue_url, ReceiptHandle=message.receipt)
        self._hidden.pop((message.queue_url, message.dead_letter.id), None)

    def release(self) -> None:
        """Make everything visible to other consumers that was received and not deleted."""
        with ThreadPoolExecutor(_THREADS) as threads:
            for url in self._urls.values():
                receipts = [each for (of, _), each in self._hidden.items() if of == url]
                groups = list(slices(receipts, _MAX_RECEIVE))
                list(threads.map(lambda group, url=url: self._release(url, group), groups))
        self._hidden.clear()

    def _release(self, url: str, receipts: list[str]) -> None:
        """Make up to ten messages visible; SQS does so itself with those that fail."""
        with map_errors("release dead letters"):
            self._sqs.change_message_visibility_batch(
                QueueUrl=url,
                Entries=[
                    {"Id": str(at), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                    for at, receipt in enumerate(receipts)
                ],
            )

    def _max_receives(self, kind: str) -> int | None:
        """Return after how many receipts a queue moves a message; None if it is not known."""
        if kind not in self._sources:
            return None
        try:
            found = self._sqs.get_queue_attributes(
                QueueUrl=self._sources[kind], AttributeNames=["RedrivePolicy"]
            )
        except ClientError:  # it may be removed, or not be readable; the letters are listed
            return None
        policy = found.get("Attributes", {}).get("RedrivePolicy")
        return int(json.loads(policy)["maxReceiveCount"]) if policy else None
