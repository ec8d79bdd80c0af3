"""What becomes of one message of the intake's queue. Edge (SQS).

Three kinds arrive: what S3 announces (as EventBridge's event), a request (`requests`), and what an
earlier invocation left to be gone on with (`jobs.Continuation`). A message that cannot be done is
received again; at its last receipt it is put among the dead letters with the reason beside it,
which SQS's own redrive would not tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
from aws_lambda_powertools import Logger

from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.errors import CoverstreamError, DecodeError, PermanentError
from stream_ingest.intake.job_runner import Intake, Outcome
from stream_ingest.intake.jobs import (
    OBJECT_CREATED,
    Continuation,
    Job,
    decode_body,
    encode_continuation,
    job_of_upload,
)

if TYPE_CHECKING:
    from types_boto3_sqs import SQSClient

HINDERED_DELAY_S = 30
AGAIN_AFTER_S = 5
"""A message that failed is received again this soon, not only when its visibility times out."""
_REASON_CHARACTERS = 1_000

Requested = Callable[[dict[str, Any], str], Job]
"""Makes a job of a request's body and its message's id; `UserError` names the wrong field."""


class Queues:
    """The intake's queue and its dead letters."""

    def __init__(self, sqs: SQSClient, url: str, dead_letters_url: str) -> None:
        """Send with this client."""
        self._sqs, self._url, self._dead_letters_url = sqs, url, dead_letters_url

    def go_on(self, job: Job, delay_s: int) -> None:
        """Ask for another invocation at a job."""
        with map_errors("ask for another invocation"):
            self._sqs.send_message(
                QueueUrl=self._url, MessageBody=encode_continuation(job), DelaySeconds=delay_s
            )

    def retry_soon(self, receipt: str) -> None:
        """Let a message be received again soon."""
        with map_errors("show a message again"):
            self._sqs.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=AGAIN_AFTER_S
            )

    def bury(self, body: str, reason: str, tries: int) -> None:
        """Put a message among the dead letters, with the reason where `dlq list` looks for it."""
        attributes = {"ERROR_MESSAGE": reason[:_REASON_CHARACTERS], "RETRY_ATTEMPTS": str(tries)}
        with map_errors("put a message among the dead letters"):
            self._sqs.send_message(
                QueueUrl=self._dead_letters_url,
                MessageBody=body,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in attributes.items()
                },
            )


class MessageHandler:
    """Takes messages."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        intake: Intake,
        queues: Queues,
        requested: Requested,
        input_bucket: str,
        max_receives: int,
        logger: Logger,
    ) -> None:
        """`max_receives` is that of the queue's redrive policy."""
        self._intake, self._queues, self._requested = intake, queues, requested
        self._bucket, self._max_receives, self._logger = input_bucket, max_receives, logger

    def take(self, record: dict[str, Any], *, pause_at: float, ends_at: float) -> bool:
        """Do what a message asks for; tell whether it is done with."""
        job = None
        try:
            job = self._job(record["body"], record["messageId"])
            if job is None:
                self._logger.info("nothing to do", body=record["body"][:_REASON_CHARACTERS])
                return True
            self._logger.append_keys(batch_id=job.batch_id)
            holder = record["messageId"]
            outcome = self._intake.work(job, holder, pause_at=pause_at, ends_at=ends_at)
            self._logger.info("file taken in", outcome=outcome, key=job.object.key)
            if outcome in {Outcome.UNFINISHED, Outcome.HINDERED}:
                self._queues.go_on(job, HINDERED_DELAY_S if outcome is Outcome.HINDERED else 0)
        except CoverstreamError as error:
            return self._failed(record, job, error)
        return True

    def _job(self, body: str, message_id: str) -> Job | None:
        content = decode_body(body)
        if content.get("detail-type") == OBJECT_CREATED:
            job = job_of_upload(content.get("detail"))
        elif "go_on" in content:
            job = _continued(content)
        else:
            job = self._requested(content, message_id)
        if job is not None and job.object.bucket != self._bucket:
            msg = f"s3_bucket: expected {self._bucket!r}, not {job.object.bucket!r}"
            raise DecodeError(msg)
        return job

    def _failed(self, record: dict[str, Any], job: Job | None, error: CoverstreamError) -> bool:
        """Let a message come again, or put it aside; a job as itself, so that it can go on."""
        tries = int(record["attributes"]["ApproximateReceiveCount"])
        kind = "permanent" if isinstance(error, PermanentError) else "transient"
        self._logger.warning("message failed", reason=str(error), kind=kind, tries=tries)
        if tries < self._max_receives:
            self._queues.retry_soon(record["receiptHandle"])
            return False
        body = record["body"] if job is None else encode_continuation(job)
        self._queues.bury(body, str(error), tries)
        return True


def _continued(content: dict[str, Any]) -> Job:
    try:
        return msgspec.convert(content, type=Continuation).go_on
    except msgspec.ValidationError as error:
        msg = f"go_on: {error}"
        raise DecodeError(msg) from error
