"""Objects with records that could not be processed, in a stack's buckets. Edge (S3).

Everybody who counts or reads them uses this list of places. Quarantined records are in the output
bucket. Deliveries that Lambda discarded are in the output or the temporary bucket, of which
`failureBucket` names one now and may have named the other before.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.object_keys import FAILED_BATCHES_PREFIX, QUARANTINE_PREFIX

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

RECORD, STREAM = "record", "stream"
KINDS = (RECORD, STREAM)
MAX_COUNTED = 1_000
"""Enough to know that there are many, and what one request lists in each bucket."""
_REDRIVEN = ".redriven"
"""End of the keys of records that an early release kept after a redrive."""


class FailedObjects:
    """Lists the objects that nobody has redriven or dropped yet."""

    def __init__(self, s3: S3Client, *, output_bucket: str, temp_bucket: str) -> None:
        """Look into these buckets."""
        self._s3 = s3
        self._places = {
            RECORD: ((output_bucket, QUARANTINE_PREFIX),),
            STREAM: (
                (output_bucket, FAILED_BATCHES_PREFIX),
                (temp_bucket, FAILED_BATCHES_PREFIX),
            ),
        }

    def count(self, kind: str, at_most: int | None = None) -> int:
        """Return the number of objects of a kind; reads no further than `at_most`."""
        return sum(1 for _ in islice(self.keys(kind), at_most))

    def keys(self, kind: str) -> Iterator[tuple[str, str]]:
        """Yield bucket and key of each object of a kind; reads no more than is consumed."""
        for bucket, prefix in self._places[kind]:
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            with map_errors(f"list {prefix} in {bucket}"):
                for page in pages:
                    keys = (each["Key"] for each in page.get("Contents", []))
                    yield from ((bucket, key) for key in keys if not key.endswith(_REDRIVEN))
