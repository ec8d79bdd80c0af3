"""Uploads that jobs of earlier versions know: their ids have a part that no listing has. Edge.

The ids of their batches contain the file's name, so the batches of its name that started since the
upload are compared. This can go once no stack is upgraded from such a version any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from stream_ingest.aws.dynamodb import BatchGet
from stream_ingest.batches.progress import ENDED_BATCHES, OPEN_BATCHES
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts import table
from stream_ingest.contracts.timestamps import iso_date
from stream_ingest.intake.job_item import read_state
from stream_ingest.intake.jobs import Job, ObjectId


class FormerJobs:
    """Finds the jobs of earlier versions."""

    def __init__(self, registry: BatchRegistry, batch_get: BatchGet) -> None:
        """Read batches and jobs with these."""
        self._registry, self._batch_get = registry, batch_get

    def without_known(self, jobs: Sequence[Job], since_s: int) -> list[Job]:
        """Return the jobs whose object is no former job's, of those uploaded since `since_s`."""
        if not jobs:
            return []
        names = {_name(job.batch_id) for job in jobs}
        ids = {each for each in self._started(since_s) if _name(each) in names}
        keys = [(table.batch_partition(each), table.INTAKE) for each in ids]
        items = self._batch_get.items(keys, "read former jobs", consistent=True)
        known = {_place(read_state(item).job.object) for item in items}
        return [job for job in jobs if not _places(job.object) & known]

    def _started(self, since_s: int) -> Iterator[str]:
        """Yield the ids of all batches that started since the day of `since_s`."""
        day = iso_date(since_s)
        for status in (*OPEN_BATCHES, *ENDED_BATCHES):
            newest = self._registry.started_in(status, newest_first=True)
            for _, batch_id in takewhile(lambda each: each[0] >= day, newest):
                yield batch_id


def _name(batch_id: str) -> str:
    """Return a batch id without the hash at its end."""
    return batch_id.rpartition("-")[0]


def _places(object_id: ObjectId) -> set[tuple[str, str, str, str]]:
    """Return how former jobs may name an object: an event may have named no version."""
    bucket, key, etag, version = _place(object_id)
    return {(bucket, key, etag, version), (bucket, key, etag, "")}


def _place(object_id: ObjectId) -> tuple[str, str, str, str]:
    return (object_id.bucket, object_id.key, object_id.etag, object_id.version or "")
