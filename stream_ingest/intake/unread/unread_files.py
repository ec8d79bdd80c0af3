"""Starts the files below ``csv-files/`` that no job knows. Edge (S3, DynamoDB, SQS).

S3's events of a new bucket take minutes to begin, and an event may be lost. So the sweeper lists
the folder: at its first run, each hour, and again as soon as a file that was too young is old
enough. It sends S3's event for an upload that no job knows, and then creates the item of its job,
so that the next search knows it. A crash in between sends the event again, for the same job.

A file is started only while it is younger than `MAX_AGE_S`. A job's item lives much longer, so a
file that stays where it is (its batch was abandoned, or it is in Glacier) never runs again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from stream_ingest.aws.dynamodb import BatchGet
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import to_wire
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts import table
from stream_ingest.contracts.batch_options import BatchOptions
from stream_ingest.contracts.errors import ConflictError
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.intake.job_item import new_item
from stream_ingest.intake.jobs import CSV_FOLDER, Job, ObjectId, job_of
from stream_ingest.intake.unread.former_jobs import FormerJobs
from stream_ingest.intake.unread.listing import Listing, read_page
from stream_ingest.intake.unread.position import Position, PositionStore
from stream_ingest.intake.uploads import Upload, announce

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

EVERY_S = 3_600
"""Seconds between two searches."""
MIN_AGE_S = 5 * 60
"""Age from which a file is started: until then, S3's event may be under way."""
MAX_AGE_S = 7 * DAY_S
"""Age up to which a file is started; `batch_item.BATCH_LIFE_S`, the life of jobs, is longer."""
MAX_PAGES = 10
"""Pages of 1,000 versions that one sweep reads."""
MAX_STARTED = 1_000
"""Files after which a sweep reads no further page."""


class UnreadFiles:
    """Finds and starts files."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        s3: S3Client,
        sqs: SQSClient,
        dynamodb: DynamoDBClient,
        table_name: str,
        bucket: str,
        queue_url: str,
        defaults: BatchOptions,
        threads: Executor,
        clock: Callable[[], float],
    ) -> None:
        """Start files of the input bucket `bucket`; `clock` gives epoch seconds."""
        self._s3, self._sqs, self._dynamodb, self._table = s3, sqs, dynamodb, table_name
        self._bucket, self._queue_url, self._defaults = bucket, queue_url, defaults
        self._threads, self._clock = threads, clock
        self._positions = PositionStore(dynamodb, table_name)
        self._batch_get = BatchGet(dynamodb, table_name)
        self._former = FormerJobs(BatchRegistry(dynamodb, table_name, clock), self._batch_get)

    def start(self) -> tuple[str, ...]:
        """Start the files that no job knows, if a search is due; return their batches' ids.

        Calling it again is safe, also beside another call: an upload is one job.
        """
        position = self._positions.load(self._bucket)
        now_s = int(self._clock())
        if now_s < position.next_at:
            return ()
        started: list[str] = []
        for _ in range(MAX_PAGES):
            page = self._page(position)
            listing = read_page(self._bucket, page, position.deleted)
            unknown = self._unknown(listing.uploads, now_s)
            ripe = [each for each in unknown if each[1] <= now_s - MIN_AGE_S]
            started += self._threads.map(self._start, ripe)
            young = [at + MIN_AGE_S for _, at in unknown if at > now_s - MIN_AGE_S]
            position = _after(position, page, listing, young, now_s)
            if not position.key or len(started) >= MAX_STARTED:
                break
        self._positions.save(position)
        return tuple(started)

    def _page(self, position: Position) -> Any:  # noqa: ANN401 - boto3's response
        with map_errors(f"list {CSV_FOLDER}"):
            return self._s3.list_object_versions(
                Bucket=self._bucket, Prefix=CSV_FOLDER, **position.markers
            )

    def _unknown(self, uploads: Iterable[Upload], now_s: int) -> list[tuple[Job, int]]:
        """Return the jobs that no item is of, with the times of their uploads.

        Files older than `MAX_AGE_S` are left out.
        """
        uploaded = {
            job.batch_id: (job, upload.uploaded_at or 0)
            for upload, job in self._jobs(uploads)
            if now_s - MAX_AGE_S <= (upload.uploaded_at or 0)
        }
        keys = [(table.batch_partition(batch_id), table.INTAKE) for batch_id in uploaded]
        known = {
            table.batch_of(item[table.PARTITION_KEY])
            for item in self._batch_get.items(
                keys, "look up jobs", consistent=True, attributes=(table.PARTITION_KEY,)
            )
        }
        unknown = {each: what for each, what in uploaded.items() if each not in known}
        since_s = min((at for _, at in unknown.values()), default=now_s)
        new = self._former.without_known([job for job, _ in unknown.values()], since_s)
        return [unknown[job.batch_id] for job in new]

    def _jobs(self, uploads: Iterable[Upload]) -> Iterator[tuple[Upload, Job]]:
        for upload in uploads:
            job = job_of(upload, self._defaults, is_own=True)
            if job is not None:
                yield upload, job

    def _start(self, found: tuple[Job, int]) -> str:
        """Announce a file as S3 should have, then create its job's item."""
        job, uploaded_at = found
        event = announce(_upload(job.object, uploaded_at))
        with map_errors(f"announce {job.object.key}"):
            self._sqs.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(event))
        item = new_item(job, "", 0, int(self._clock()))
        with suppress(ConflictError), map_errors(f"create job {job.batch_id}"):
            self._dynamodb.put_item(  # in a conflict, the message was quicker
                TableName=self._table,
                Item=to_wire(item),
                ConditionExpression="attribute_not_exists(creator_name)",
            )
        return job.batch_id


def _upload(object_id: ObjectId, uploaded_at: int) -> Upload:
    return Upload(
        bucket=object_id.bucket,
        key=object_id.key,
        etag=object_id.etag,
        version=object_id.version,
        uploaded_at=uploaded_at,
    )


def _after(
    position: Position,
    page: Mapping[str, Any],
    listing: Listing,
    young: Sequence[int],
    now_s: int,
) -> Position:
    """Return the position after a page. Pure."""
    again = [*young, *([] if position.youngest_at is None else [position.youngest_at])]
    youngest_at = min(again, default=None)
    if page.get("IsTruncated", False):
        key = page["NextKeyMarker"]
        return Position(
            bucket=position.bucket,
            key=key,
            version=page.get("NextVersionIdMarker", ""),
            deleted_at=listing.deleted.get(key),
            youngest_at=youngest_at,
        )
    due = now_s + EVERY_S
    return Position(bucket=position.bucket, next_at=min(due, youngest_at or due))
