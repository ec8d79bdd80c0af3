"""Requests for a controlled batch: messages that name a file and how to process it. Edge (S3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from stream_ingest.contracts.batch_options import BatchOptions
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.reading import PLAIN_READING
from stream_ingest.contracts.triggers import Trigger
from stream_ingest.intake.job_store import JobStore
from stream_ingest.intake.jobs import Job, ObjectId, batch_id_of
from stream_ingest.intake.objects import GoneError, find_object
from stream_ingest.intake.request_message import BatchRequest, read_request, request_settings
from stream_ingest.records.codec import BatchHeader

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

SQS_TRIGGER = Trigger.SQS_TRIGGER.value


class Buckets(NamedTuple):
    """The buckets that the intake may read."""

    own: str
    """The input bucket, in which files move when they were read."""
    others: tuple[str, ...] = ()


class Requests:
    """Turns requests into jobs."""

    def __init__(
        self,
        s3: S3Client,
        job_store: JobStore,
        buckets: Buckets,
        defaults: BatchOptions,
    ) -> None:
        """Accept files of `buckets` only.

        A batch gets `defaults` for the options that its request leaves open.
        """
        self._s3, self._job_store = s3, job_store
        self._buckets, self._defaults = buckets, defaults

    def job(self, content: dict[str, Any], message_id: str) -> Job:
        """Return the job of a request; `UserError` names the field that is wrong.

        A request that is received again has the job that it had before, even if the stack's
        defaults have changed since.
        """
        request = read_request(content)
        check_bucket(request.s3_bucket, self._buckets)
        batch_id = request.batch_id or request_id(request.s3_key, message_id)
        known = self._job_store.load(batch_id)
        if known:
            return _same_job(known.job, request)
        return Job(
            object=self._find(request),
            header=BatchHeader(
                batch_id=batch_id,
                trigger=SQS_TRIGGER,
                settings=request_settings(request, self._defaults),
            ),
            moves=False,
            requested=request.digest,
            notes=request.notes,
            reading=msgspec.UNSET if request.reading == PLAIN_READING else request.reading,
        )

    def _find(self, request: BatchRequest) -> ObjectId:
        try:
            return find_object(self._s3, request.s3_bucket, request.s3_key).id
        except GoneError as error:
            msg = f"s3_key: {error}"
            raise UserError(msg) from error


def check_bucket(bucket: str, buckets: Buckets) -> None:
    """Raise `UserError` unless the intake may read a bucket."""
    allowed = (buckets.own, *buckets.others)
    if bucket not in allowed:
        names = " or ".join(repr(name) for name in allowed)
        msg = f"s3_bucket: expected {names}, not {bucket!r} (the stack's allowedInputBuckets)"
        raise UserError(msg)


def request_id(key: str, message_id: str) -> str:
    """Return the batch id of a request that names none, by its file and its message."""
    return batch_id_of("sqs", key, message_id)


def is_request_of(known: Job, request: BatchRequest) -> bool:
    """Return whether a job is that of a request; those of earlier versions have no digest."""
    is_same_file = known.object.key == request.s3_key
    is_same_bucket = known.object.bucket == request.s3_bucket
    return is_same_file and is_same_bucket and known.requested in {"", request.digest}


def _same_job(known: Job, request: BatchRequest) -> Job:
    """Return the job of a batch id that is known; `UserError` if it was another request's."""
    if not is_request_of(known, request):
        msg = f"batch_id: {known.batch_id!r} is another batch already"
        raise UserError(msg)
    return known
