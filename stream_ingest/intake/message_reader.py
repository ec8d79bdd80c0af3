"""The jobs that a message or an event of the intake stands for. Edge (S3, DynamoDB).

Three kinds arrive: uploads that S3 announces, or the sweeper has found (`uploads`), requests
(`request_message`), and continuations of an earlier invocation (`jobs.Continuation`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from stream_ingest.contracts.batch_options import BatchOptions
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.intake.job_store import JobStore
from stream_ingest.intake.jobs import Continuation, Job, Order, former_batch_id, is_wanted, job_of
from stream_ingest.intake.objects import (
    FoundObject,
    MissingError,
    NotYetError,
    find_object,
    is_settled,
)
from stream_ingest.intake.requests import Buckets, check_bucket
from stream_ingest.intake.uploads import Upload, announces_uploads, read_uploads

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MakeJob = Callable[[dict[str, Any], str], Job]
"""Returns the job of a request and its message's id; `UserError` names the wrong field."""


class MessageReader:
    """Reads messages, whichever way they come."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        s3: S3Client,
        job_store: JobStore,
        buckets: Buckets,
        defaults: BatchOptions,
        make_job: MakeJob,
        clock: Callable[[], float],
    ) -> None:
        """Read files of `buckets` only; batches get `defaults` for what they leave open.

        `clock` gives epoch seconds.
        """
        self._s3, self._job_store, self._clock = s3, job_store, clock
        self._buckets, self._defaults = buckets, defaults
        self._make_job = make_job

    def orders(self, content: dict[str, Any], message_id: str) -> list[Order]:
        """Return the jobs of a message, none if it announces no CSV file.

        Raises `PermanentError` that names the field that is wrong, and `NotYetError` for a new
        upload that S3 does not know yet.
        """
        if announces_uploads(content):
            found = [(upload, self._job_of(upload)) for upload in read_uploads(content)]
            return [Order(job, upload.uploaded_at) for upload, job in found if job is not None]
        job = _continuation(content) if "go_on" in content else self._make_job(content, message_id)
        check_bucket(job.object.bucket, self._buckets)
        return [Order(job)]

    def _job_of(self, upload: Upload) -> Job | None:
        is_own = upload.bucket == self._buckets.own
        if not is_wanted(upload.key, is_own=is_own):
            return None
        check_bucket(upload.bucket, self._buckets)
        return self._former_job(upload) or job_of(
            self._identified(upload, is_own=is_own), self._defaults, is_own=is_own
        )

    def _former_job(self, upload: Upload) -> Job | None:
        """Return the job that an earlier version of this function began for an upload."""
        if not (upload.etag and upload.sequencer):
            return None
        state = self._job_store.load(former_batch_id(upload))
        return state.job if state else None

    def _identified(self, upload: Upload, *, is_own: bool) -> Upload:
        """Return an upload with its version or its time, unless it is gone or was replaced.

        The sweeper sees both in its listing of the input bucket, but no sequencer.
        """
        if upload.etag and (upload.version is not None or not is_own):
            return upload
        try:
            found = find_object(self._s3, upload.bucket, upload.key)
        except MissingError as error:
            if not is_settled(upload.uploaded_at, self._clock()):
                raise NotYetError(str(error)) from error
            if upload.etag:
                return upload
            msg = f"S3 event: {error}"
            raise DecodeError(msg) from error
        return upload if upload.etag not in {"", found.id.etag} else _named(upload, found, is_own)


def _named(upload: Upload, found: FoundObject, is_own: bool) -> Upload:  # noqa: FBT001 - as `is_wanted`
    """Return an upload with what was found at its key."""
    modified_at = found.modified_at if is_own else None
    return msgspec.structs.replace(
        upload, etag=found.id.etag, version=found.id.version, modified_at=modified_at
    )


def _continuation(content: dict[str, Any]) -> Job:
    try:
        return msgspec.convert(content, type=Continuation).job
    except msgspec.ValidationError as error:
        msg = f"go_on: {error}"
        raise DecodeError(msg) from error
