"""Deliveries of the stream that Lambda discarded, for a gauge of the sweeper. Edge (S3).

They are in the bucket that `failureBucket` names, or named when they were discarded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.object_keys import FAILED_BATCHES_PREFIX

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class DiscardedDeliveries:
    """Counts the objects that Lambda stored and nobody has redriven or dropped yet."""

    def __init__(self, s3: S3Client, buckets: Sequence[str]) -> None:
        """Count in `buckets`."""
        self._s3, self._buckets = s3, buckets

    def count(self) -> int:
        """Return their number, up to 1,000 in each bucket: as many as one request lists."""
        return sum(map(self._count, self._buckets))

    def _count(self, bucket: str) -> int:
        with map_errors(f"list {FAILED_BATCHES_PREFIX} in {bucket}"):
            found = self._s3.list_objects_v2(Bucket=bucket, Prefix=FAILED_BATCHES_PREFIX)
        return len(found.get("Contents", []))
