"""The jobs that a message or an event of the intake stands for. Edge (S3, by `requests`).

Three kinds arrive: uploads that S3 announces (`uploads`), requests (`request_message`), and
continuations of an earlier invocation (`jobs.Continuation`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from stream_ingest.contracts.batch_options import BatchOptions
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.intake.jobs import Continuation, Job, job_of
from stream_ingest.intake.objects import GoneError, find_object
from stream_ingest.intake.requests import Buckets, check_bucket
from stream_ingest.intake.uploads import Upload, announces_uploads, read_uploads

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MakeJob = Callable[[dict[str, Any], str], Job]
"""Returns the job of a request and its message's id; `UserError` names the wrong field."""


class MessageReader:
    """Reads messages, whichever way they come."""

    def __init__(
        self, s3: S3Client, buckets: Buckets, defaults: BatchOptions, make_job: MakeJob
    ) -> None:
        """Read files of `buckets` only; batches get `defaults` for what they leave open."""
        self._s3, self._buckets, self._defaults = s3, buckets, defaults
        self._make_job = make_job

    def jobs(self, content: dict[str, Any], message_id: str) -> list[Job]:
        """Return the jobs of a message, none if it announces no CSV file.

        Raises `PermanentError` that names the field that is wrong.
        """
        if announces_uploads(content):
            found = [self._job_of(upload) for upload in read_uploads(content)]
            return [job for job in found if job is not None]
        job = _continuation(content) if "go_on" in content else self._make_job(content, message_id)
        check_bucket(job.object.bucket, self._buckets)
        return [job]

    def _job_of(self, upload: Upload) -> Job | None:
        is_own = upload.bucket == self._buckets.own
        job = job_of(upload, self._defaults, is_own=is_own)
        if job is None:
            return None
        check_bucket(upload.bucket, self._buckets)
        if upload.etag:
            return job
        try:
            found = find_object(self._s3, upload.bucket, upload.key)
        except GoneError as error:
            msg = f"S3 event: {error}"
            raise DecodeError(msg) from error
        named = msgspec.structs.replace(upload, etag=found.etag, version=found.version)
        return job_of(named, self._defaults, is_own=is_own)


def _continuation(content: dict[str, Any]) -> Job:
    try:
        return msgspec.convert(content, type=Continuation).job
    except msgspec.ValidationError as error:
        msg = f"go_on: {error}"
        raise DecodeError(msg) from error
