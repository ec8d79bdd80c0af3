"""One message of the intake's queue: run, continued, retried or dead-lettered. Edge (SQS).

A message that fails is received again; at its last receipt it is sent to the dead-letter queue with
the reason as an attribute, which SQS's own redrive would not add. A request that AWS refuses is
handled like that, too: an invocation that raises leaves its message invisible for half an hour.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.errors import CoverstreamError, TransientError
from stream_ingest.intake.job_runner import JobOutcome, JobRunner
from stream_ingest.intake.job_store import JobHeldError
from stream_ingest.intake.jobs import Job, Order, decode_body, encode_continuation
from stream_ingest.intake.message_reader import MessageReader
from stream_ingest.intake.objects import NotYetError

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

BLOCKED_DELAY_S = 30
CLAIMED_DELAY_S = 600
"""Until a job is tried again that another message works on: about the length of a claim. SQS takes
900 seconds."""
_DELAYS_S = {
    JobOutcome.UNFINISHED: 0,
    JobOutcome.BLOCKED: BLOCKED_DELAY_S,
    JobOutcome.CLAIMED: CLAIMED_DELAY_S,
}
NOT_YET_DELAY_S = 60
"""Until a new file is looked for again that S3 does not know yet."""
RETRY_AFTER_S = 5
"""A message that failed is received again this soon, before its visibility timeout; one whose job
is held by an earlier receipt, when that is over."""
_REASON_CHARACTERS = 1_000


class Queues:
    """The intake's queue and its dead letters."""

    def __init__(self, sqs: SQSClient, url: str, dead_letters_url: str) -> None:
        """Send with this client."""
        self._sqs, self._url, self._dead_letters_url = sqs, url, dead_letters_url

    def send_continuation(self, job: Job, delay_s: int) -> None:
        """Send the message that has another invocation continue a job."""
        with map_errors("send a continuation"):
            self._sqs.send_message(
                QueueUrl=self._url, MessageBody=encode_continuation(job), DelaySeconds=delay_s
            )

    def send_again(self, body: str) -> None:
        """Send a message again, to be received in a minute: unlike a receipt, that costs no try."""
        with map_errors("send a message again"):
            self._sqs.send_message(
                QueueUrl=self._url, MessageBody=body, DelaySeconds=NOT_YET_DELAY_S
            )

    def retry_after(self, receipt: str, delay_s: int) -> None:
        """Change a message's visibility timeout, so that it is received again after `delay_s`."""
        with map_errors("change a visibility timeout"):
            self._sqs.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=delay_s
            )

    def dead_letter(self, body: str, reason: str, tries: int) -> None:
        """Send a message to the dead-letter queue, with the reason where `dlq list` reads it."""
        attributes = {"ERROR_MESSAGE": reason[:_REASON_CHARACTERS], "RETRY_ATTEMPTS": str(tries)}
        with map_errors("send a dead letter"):
            self._sqs.send_message(
                QueueUrl=self._dead_letters_url,
                MessageBody=body,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in attributes.items()
                },
            )


def continue_later(queues: Queues, job: Job, outcome: JobOutcome) -> None:
    """Send a continuation if the outcome of an invocation's work on a job calls for one."""
    if outcome in _DELAYS_S:
        queues.send_continuation(job, _DELAYS_S[outcome])


class MessageHandler:
    """Handles the messages of the intake's queue."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        runner: JobRunner,
        queues: Queues,
        reader: MessageReader,
        max_receives: int,
        logger: Logger,
        clock: Callable[[], float],
        on_failure: Callable[[], None] = lambda: None,
    ) -> None:
        """`max_receives` is that of the queue's redrive policy, `clock` gives epoch seconds.

        `on_failure` is called for each message that fails.
        """
        self._on_failure = on_failure
        self._runner, self._queues, self._reader = runner, queues, reader
        self._max_receives, self._logger, self._clock = max_receives, logger, clock

    def handle(self, record: dict[str, Any], *, pause_at: float, ends_at: float) -> bool:
        """Handle a message; return False if it has to be received again.

        A message of several jobs is received again if one of them has to be; the others are known
        by then.
        """
        try:
            orders = self._reader.orders(decode_body(record["body"]), record["messageId"])
        except NotYetError as error:
            return self._look_again(record, error)
        except (CoverstreamError, ClientError) as error:
            return self._failed(record, record["body"], error)
        if not orders:
            self._logger.info("message ignored", body=record["body"][:_REASON_CHARACTERS])
        done = [self._run(record, order, pause_at, ends_at) for order in orders]
        return all(done)

    def _run(self, record: dict[str, Any], order: Order, pause_at: float, ends_at: float) -> bool:
        """Run one job of a message; one that fails is dead-lettered as a continuation."""
        job = order.job
        self._logger.append_keys(batch_id=job.batch_id)
        try:
            outcome = self._runner.run(
                job,
                record["messageId"],
                pause_at=pause_at,
                ends_at=ends_at,
                uploaded_at=order.uploaded_at,
            )
            self._logger.info("job run", outcome=outcome, key=job.object.key)
            continue_later(self._queues, job, outcome)
        except NotYetError as error:
            return self._look_again(record, error)
        except (CoverstreamError, ClientError) as error:
            return self._failed(record, encode_continuation(job), error)
        return True

    def _look_again(self, record: dict[str, Any], error: NotYetError) -> bool:
        """Have the message of a new file handled again in a minute; its other files are known."""
        self._logger.warning("file not there yet", reason=str(error))
        try:
            self._queues.send_again(record["body"])
        except TransientError as problem:
            return self._failed(record, record["body"], problem)
        return True

    def _failed(
        self, record: dict[str, Any], body: str, error: CoverstreamError | ClientError
    ) -> bool:
        """Have a message received again, or send `body` to the dead letters at the last receipt."""
        tries = int(record["attributes"]["ApproximateReceiveCount"])
        kind = "transient" if isinstance(error, TransientError) else "permanent"
        self._on_failure()
        self._logger.warning("message failed", reason=str(error), kind=kind, tries=tries)
        if tries < self._max_receives:
            held_s = error.until_s - int(self._clock()) if isinstance(error, JobHeldError) else 0
            self._retry_after(record["receiptHandle"], max(RETRY_AFTER_S, held_s + 1))
            return False
        self._queues.dead_letter(body, str(error), tries)
        return True

    def _retry_after(self, receipt: str, delay_s: int) -> None:
        """Time a retry; without that, it comes after the queue's visibility timeout."""
        try:
            self._queues.retry_after(receipt, delay_s)
        except (CoverstreamError, ClientError) as error:
            self._logger.warning("visibility timeout not changed", reason=str(error))
