"""An invocation of the intake by a person or a program, without its queue. Edge (SQS).

The event is a request, or one of S3's events: a test event in the Lambda console, `aws lambda
invoke`, or a bucket that notifies the function. The answer is for whoever waits for it:

```json
{"batch_id": "sqs-covers-8d0f6c1e2b3a4d5c", "status": "done"}
{"status": "refused", "error": "processing_config.quality 200: expected a whole number from 1 to …"}
```
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

from aws_lambda_powertools import Logger

from stream_ingest.contracts.errors import PermanentError
from stream_ingest.intake.job_runner import JobOutcome, JobRunner
from stream_ingest.intake.jobs import Order
from stream_ingest.intake.message_handler import Queues, continue_later
from stream_ingest.intake.message_reader import MessageReader
from stream_ingest.intake.objects import NotYetError


class Status(StrEnum):
    """How a direct invocation left a batch."""

    DONE = "done"
    """Every row was sent; the collages follow."""
    CONTINUED = "continued"
    """The file takes longer than this invocation; the next one continues, through the queue."""
    UNREADABLE = "unreadable"
    """The file could not be read to its end; the report is in the input bucket."""
    REJECTED = "rejected"
    """No row of the file could be used, or it could not be read; `ops-dashboard status` and the
    report in the input bucket say why."""
    GONE = "gone"
    """The file was moved or replaced before anything of it was read."""
    KNOWN = "known"
    """The batch is being read already, or was."""
    ABANDONED = "abandoned"
    """Somebody has abandoned the batch; nothing more of its file is sent."""
    IGNORED = "ignored"
    """The event names no CSV file."""
    REFUSED = "refused"
    """The event cannot be carried out; `error` says why."""


_STATUS = {
    JobOutcome.DONE: Status.DONE,
    JobOutcome.UNFINISHED: Status.CONTINUED,
    JobOutcome.BLOCKED: Status.CONTINUED,
    JobOutcome.UNREADABLE: Status.UNREADABLE,
    JobOutcome.REJECTED: Status.REJECTED,
    JobOutcome.GONE: Status.GONE,
    JobOutcome.ABANDONED: Status.ABANDONED,
    JobOutcome.CLAIMED: Status.KNOWN,
    JobOutcome.NOT_NEEDED: Status.KNOWN,
}


class DirectInvocation:
    """Runs the jobs of an event, and answers."""

    def __init__(
        self, runner: JobRunner, queues: Queues, reader: MessageReader, logger: Logger
    ) -> None:
        """Send continuations to the intake's own queue."""
        self._runner, self._queues, self._reader = runner, queues, reader
        self._logger = logger

    def answer(
        self, event: object, request_id: str, *, pause_at: float, ends_at: float
    ) -> dict[str, Any]:
        """Run an event's jobs until `pause_at` and return the answer.

        Lambda uses one request id for all attempts of an asynchronous invocation, so `request_id`
        names the batch of a request without an id. Raises `TransientError` if nothing could be done
        now, so that such an invocation is attempted again.
        """
        try:
            if not isinstance(event, dict):
                return _refused("expected a JSON object: a request, or an event of S3")
            orders = self._reader.orders(event, request_id)
            answers = [self._run(order, request_id, pause_at, ends_at) for order in orders]
        except NotYetError as error:
            self._queues.send_again(json.dumps(event))
            return {"status": Status.CONTINUED.value, "notes": [f"{error} yet; tried again soon"]}
        except PermanentError as error:
            self._logger.warning("invocation refused", reason=str(error))
            return _refused(str(error))
        if not answers:
            return {"status": Status.IGNORED.value}
        return answers[0] if len(answers) == 1 else {"batches": answers}

    def _run(self, order: Order, owner: str, pause_at: float, ends_at: float) -> dict[str, Any]:
        job = order.job
        self._logger.append_keys(batch_id=job.batch_id)
        outcome = self._runner.run(
            job, owner, pause_at=pause_at, ends_at=ends_at, uploaded_at=order.uploaded_at
        )
        self._logger.info("job run", outcome=outcome, key=job.object.key)
        continue_later(self._queues, job, outcome)
        notes: dict[str, Any] = {"notes": list(job.notes)} if job.notes else {}
        answer = {"batch_id": job.batch_id, "status": _STATUS[outcome].value, **notes}
        if outcome is JobOutcome.REJECTED:
            answer["error"] = self._runner.why_rejected(job.batch_id)
        return answer


def _refused(error: str) -> dict[str, Any]:
    return {"status": Status.REFUSED.value, "error": error}
