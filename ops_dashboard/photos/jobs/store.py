"""Jobs in the table `photos`. Edge (DynamoDB)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ops_dashboard.photos.jobs.job import JOB_PARTITION, Job, JobKind, from_item, to_item
from rendition_lambda.lifecycle import iso_ms
from rendition_lambda.photo_item import PARTITION_KEY, SORT_KEY
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, from_wire, to_wire
from stream_ingest.aws.queries import query_items
from stream_ingest.contracts.errors import ConflictError, NotFoundError, UserError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class JobStore:
    """Reads and writes the jobs of one stack."""

    def __init__(
        self, dynamodb: DynamoDBClient, table_name: str, clock: Callable[[], float]
    ) -> None:
        """Use a low-level client; `clock` gives epoch seconds."""
        self._dynamodb, self._table, self._clock = dynamodb, table_name, clock

    def save(self, job: Job) -> Job:
        """Write a job and return it as it is now.

        Raises `UserError` if another process has written it since it was read: it continues there.
        """
        now_s = self._clock()
        written = replace(job, revision=job.revision + 1, updated_at=iso_ms(now_s))
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(revision)"}
        if job.revision:
            condition = {
                "ConditionExpression": "revision = :before",
                "ExpressionAttributeValues": to_wire({":before": job.revision}),
            }
        try:
            with map_errors(f"write the job {job.name}"):
                self._dynamodb.put_item(
                    TableName=self._table, Item=to_wire(to_item(written, now_s)), **condition
                )
        except ConflictError as error:
            msg = f"{job.name} is continued by another process; this one stops"
            raise UserError(msg) from error
        return written

    def load(self, name: str) -> Job:
        """Return a job; raises `NotFoundError` if there is none."""
        with map_errors(f"read the job {name}"):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key=to_wire({PARTITION_KEY: JOB_PARTITION, SORT_KEY: name}),
                ConsistentRead=True,
            )
        if "Item" not in answer:
            known = ", ".join(job.name for job in self.unfinished()) or "none"
            msg = f"there is no job {name!r}; unfinished: {known}"
            raise NotFoundError(msg)
        return from_item(from_wire(answer["Item"]))

    def unfinished(self) -> list[Job]:
        """Return the jobs that can be continued, the latest last."""
        jobs = [from_item(item) for kind in JobKind for item in self._items(kind)]
        return sorted((job for job in jobs if not job.finished_at), key=lambda job: job.updated_at)

    def newest(self, limit: int) -> list[Job]:
        """Return the newest jobs, the newest first; costs a request for each kind."""
        options = {"Limit": limit, "ScanIndexForward": False}
        items = (islice(self._items(kind, **options), limit) for kind in JobKind)
        jobs = [from_item(item) for each in items for item in each]
        return sorted(jobs, key=lambda job: job.started_at, reverse=True)[:limit]

    def _items(self, kind: JobKind, **options: Any) -> Iterator[Item]:  # noqa: ANN401 - boto's own
        """Yield the jobs of a kind by name, and so by time."""
        return query_items(
            self._dynamodb,
            "list jobs",
            TableName=self._table,
            KeyConditionExpression="#gallery = :gallery AND begins_with(#photo, :kind)",
            ExpressionAttributeNames={"#gallery": PARTITION_KEY, "#photo": SORT_KEY},
            ExpressionAttributeValues=to_wire({":gallery": JOB_PARTITION, ":kind": f"{kind}-"}),
            **options,
        )
