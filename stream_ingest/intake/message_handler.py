"""One message of the intake's queue: run, continued, retried or dead-lettered. Edge (SQS).

Three kinds arrive: uploads that S3 announces (as EventBridge's event), requests (`requests`), and
continuations of an earlier invocation (`jobs.Continuation`). A message that fails is received
again; at its last receipt it is sent to the dead-letter queue with the reason as an attribute,
which SQS's own redrive would not add.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import msgspec
from aws_lambda_powertools import Logger

from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.batch_options import BatchOptions
from stream_ingest.contracts.errors import CoverstreamError, DecodeError, PermanentError
from stream_ingest.intake.job_runner import JobOutcome, JobRunner
from stream_ingest.intake.jobs import (
    OBJECT_CREATED,
    Continuation,
    Job,
    decode_body,
    encode_continuation,
    job_of_upload,
)
from stream_ingest.intake.requests import check_bucket

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

BLOCKED_DELAY_S = 30
RETRY_AFTER_S = 5
"""A message that failed is received again this soon, before its visibility timeout."""
_REASON_CHARACTERS = 1_000

MakeJob = Callable[[dict[str, Any], str], Job]
"""Returns the job of a request's body and its message's id; `UserError` names the wrong field."""


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

    def retry_soon(self, receipt: str) -> None:
        """Shorten a message's visibility timeout, so that it is received again soon."""
        with map_errors("shorten a visibility timeout"):
            self._sqs.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=RETRY_AFTER_S
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


class MessageHandler:
    """Handles the messages of the intake's queue."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        runner: JobRunner,
        queues: Queues,
        make_job: MakeJob,
        buckets: Collection[str],
        defaults: BatchOptions,
        max_receives: int,
        logger: Logger,
    ) -> None:
        """Read files of `buckets` only; batches get `defaults` for what they leave open.

        `max_receives` is that of the queue's redrive policy.
        """
        self._runner, self._queues, self._make_job = runner, queues, make_job
        self._buckets, self._defaults = buckets, defaults
        self._max_receives, self._logger = max_receives, logger

    def handle(self, record: dict[str, Any], *, pause_at: float, ends_at: float) -> bool:
        """Handle a message; return False if it has to be received again."""
        job = None
        try:
            job = self._job(record["body"], record["messageId"])
            if job is None:
                self._logger.info("message ignored", body=record["body"][:_REASON_CHARACTERS])
                return True
            self._logger.append_keys(batch_id=job.batch_id)
            owner = record["messageId"]
            outcome = self._runner.run(job, owner, pause_at=pause_at, ends_at=ends_at)
            self._logger.info("job run", outcome=outcome, key=job.object.key)
            if outcome in {JobOutcome.UNFINISHED, JobOutcome.BLOCKED}:
                self._queues.send_continuation(
                    job, BLOCKED_DELAY_S if outcome is JobOutcome.BLOCKED else 0
                )
        except CoverstreamError as error:
            return self._failed(record, job, error)
        return True

    def _job(self, body: str, message_id: str) -> Job | None:
        content = decode_body(body)
        if content.get("detail-type") == OBJECT_CREATED:
            job = job_of_upload(content.get("detail"), self._defaults)
        elif "go_on" in content:
            job = _continuation(content)
        else:
            job = self._make_job(content, message_id)
        if job is not None:
            check_bucket(job.object.bucket, self._buckets)
        return job

    def _failed(self, record: dict[str, Any], job: Job | None, error: CoverstreamError) -> bool:
        """Retry a message or dead-letter it: as a continuation once its job is known."""
        tries = int(record["attributes"]["ApproximateReceiveCount"])
        kind = "permanent" if isinstance(error, PermanentError) else "transient"
        self._logger.warning("message failed", reason=str(error), kind=kind, tries=tries)
        if tries < self._max_receives:
            self._queues.retry_soon(record["receiptHandle"])
            return False
        body = record["body"] if job is None else encode_continuation(job)
        self._queues.dead_letter(body, str(error), tries)
        return True


def _continuation(content: dict[str, Any]) -> Job:
    try:
        return msgspec.convert(content, type=Continuation).job
    except msgspec.ValidationError as error:
        msg = f"go_on: {error}"
        raise DecodeError(msg) from error
