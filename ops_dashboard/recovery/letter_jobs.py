"""The jobs of the intake that a dead letter is about. Edge (DynamoDB).

A continuation contains its job. S3's event and a request name theirs: the id follows from the
file's version, or from the request and the id of its message. Such a message becomes a dead letter
itself if the function ended each time before it could answer; its file may be read half-way then.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from ops_dashboard.recovery.dead_letters import DeadLetter
from ops_dashboard.recovery.letter_subject import content_of
from stream_ingest.contracts.errors import PermanentError
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.intake.job_store import JobStore
from stream_ingest.intake.jobs import Continuation, Job, former_batch_id, job_of
from stream_ingest.intake.request_message import read_request
from stream_ingest.intake.requests import is_request_of, request_id
from stream_ingest.intake.uploads import announces_uploads, read_uploads

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client


class LetterJobs:
    """Finds the jobs of letters that have begun."""

    def __init__(self, job_store: JobStore, input_bucket: str) -> None:
        """Read the items of jobs with `job_store`."""
        self._job_store, self._bucket = job_store, input_bucket

    def of(self, letter: DeadLetter) -> list[Job]:
        """Return the jobs that a letter names; requests that never began are left out."""
        if (continued := _continuation(letter.body)) is not None:
            return [continued]
        content = dict(content_of(letter.body))
        try:
            if announces_uploads(content):
                return list(self._uploaded(content))
            return list(self._requested(content, letter.id))
        except (PermanentError, AttributeError, TypeError):  # not as S3 or a user writes it
            return []

    def give_up(self, job: Job) -> None:
        """End a job that never began: the sweeper would start its file within an hour."""
        self._job_store.give_up(job)

    def _uploaded(self, content: dict[str, Any]) -> Iterator[Job]:
        for upload in read_uploads(content):
            job = job_of(upload, is_own=upload.bucket == self._bucket)
            if job is not None:
                states = map(self._job_store.load, (job.batch_id, former_batch_id(upload)))
                yield next((state.job for state in states if state), job)

    def _requested(self, content: dict[str, Any], message_id: str) -> Iterator[Job]:
        request = read_request(content)
        batch_id = request.batch_id or request_id(request.s3_key, message_id)
        state = self._job_store.load(batch_id)
        if state is not None and is_request_of(state.job, request):
            yield state.job


def letter_jobs(s3: S3Client, dynamodb: DynamoDBClient, outputs: StackOutputs) -> LetterJobs:
    """Return the jobs of a stack's letters."""
    job_store = JobStore(dynamodb, outputs.table_name, s3, outputs.temp_bucket, time.time)
    return LetterJobs(job_store, outputs.input_bucket)


def _continuation(body: str) -> Job | None:
    try:
        return msgspec.json.decode(body, type=Continuation).job
    except msgspec.DecodeError:
        return None
