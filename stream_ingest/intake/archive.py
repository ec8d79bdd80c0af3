"""Where a file goes after it was read: moved by date, with its errors beside it. Edge (S3).

``archived/processed/YYYY/MM/DD/<batch>/<path>`` or ``archived/failed/…``, in the input bucket, with
the path that the file had below ``csv-files/``. The date is that of the job's first claim and the
batch is part of the key: so doing it again writes the same objects, and two files of one name never
collide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from stream_ingest.aws.errors import error_code, map_errors
from stream_ingest.batches.registry import Totals
from stream_ingest.contracts.timestamps import from_epoch_s
from stream_ingest.intake.job_item import JobState, ReadFailure
from stream_ingest.intake.jobs import CSV_FOLDER, Job

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PROCESSED = "archived/processed"
FAILED = "archived/failed"
ERRORS_SUFFIX = ".errors.json"
MAX_KEY_BYTES = 1_024
"""Longest key that S3 takes."""
_LEAVE = frozenset(
    {
        "404",
        "NoSuchKey",
        "NoSuchVersion",
        "412",
        "PreconditionFailed",
        "InvalidObjectState",
        "ObjectNotInActiveTierError",
    }
)
"""The object was moved by an earlier attempt, or replaced by another one, which stays; or it is
archived in Glacier, from where it cannot be copied."""


class ErrorReport(msgspec.Struct, frozen=True, kw_only=True):
    """The report beside a file that could not be read to its end."""

    file: str
    batch_id: str
    line: int
    reason: str
    rows_read: int
    """Rows before that line; they went into the stream, and are known when the file comes again."""
    rows_sent: int
    refused: dict[str, int]


class Archive:
    """Moves files within the input bucket, and stores the reports of files of any bucket there."""

    def __init__(self, s3: S3Client, input_bucket: str) -> None:
        """Move files with this client."""
        self._s3, self._bucket = s3, input_bucket

    def store(self, state: JobState, failure: ReadFailure | None, totals: Totals) -> str:
        """Move a job's file if it moves at all, and report its failure; return the key.

        Calling twice is safe.
        """
        job = state.job
        key = archive_key(job, state.started_at, failed=failure is not None)
        if failure is not None:
            self._report(job, f"{key}{ERRORS_SUFFIX}", failure, totals)
        if job.moves:
            self._move(job, key)
        return key

    def _report(self, job: Job, key: str, failure: ReadFailure, totals: Totals) -> None:
        report = ErrorReport(
            file=f"s3://{job.object.bucket}/{job.object.key}",
            batch_id=job.batch_id,
            line=failure.line,
            reason=failure.reason,
            rows_read=totals.rows_read,
            rows_sent=totals.rows_sent,
            refused=dict(totals.refused),
        )
        with map_errors(f"write {key}"):
            self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=msgspec.json.format(msgspec.json.encode(report)),
                ContentType="application/json",
            )

    def _move(self, job: Job, key: str) -> None:
        """Copy the file, then delete it; both only if it is still the object that was read."""
        object_id = job.object
        source: Any = {"Bucket": object_id.bucket, "Key": object_id.key}
        this: dict[str, Any] = {"IfMatch": f'"{object_id.etag}"'}
        if object_id.version is not None:
            source["VersionId"] = object_id.version
            this = {"VersionId": object_id.version}
        # Without its tags: to read and write tags would be two more rights.
        extra = {"CopySourceIfMatch": f'"{object_id.etag}"', "TaggingDirective": "REPLACE"}
        try:
            with map_errors(f"move {object_id.key}"):
                self._s3.copy(source, object_id.bucket, key, ExtraArgs=extra)
                self._s3.delete_object(Bucket=object_id.bucket, Key=object_id.key, **this)
        except ClientError as error:
            if error_code(error) not in _LEAVE:
                raise


def archive_key(job: Job, started_at: int, *, failed: bool) -> str:
    """Return the key that a job's file gets, with the file's own path below ``csv-files/``.

    A path that is too long for a key of S3 loses folders at its beginning, and a name that is too
    long its first characters.
    """
    day = f"{from_epoch_s(started_at):%Y/%m/%d}"
    folder = f"{FAILED if failed else PROCESSED}/{day}/{job.batch_id}/"
    room = MAX_KEY_BYTES - len(folder) - len(ERRORS_SUFFIX)
    return folder + _fitting(job.object.key.removeprefix(CSV_FOLDER), room)


def _fitting(path: str, max_bytes: int) -> str:
    """Return the end of a path: as many whole folders, or characters of its name, as fit."""
    while len(path.encode()) > max_bytes:
        folder, slash, rest = path.partition("/")
        path = rest if slash and rest else folder.encode()[-max_bytes:].decode(errors="ignore")
    return path
